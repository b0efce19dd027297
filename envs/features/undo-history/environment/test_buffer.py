import unittest

from editor.buffer import Buffer


class BufferTest(unittest.TestCase):
    def test_editing(self):
        buffer = Buffer("abc")
        buffer.move(1)
        buffer.insert("xy")
        buffer.delete()
        self.assertEqual((buffer.text, buffer.cursor), ("axbc", 2))


if __name__ == "__main__":
    unittest.main()
