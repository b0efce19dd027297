import unittest

from csvstream import CsvError, Reader, format_row


def read(*chunks):
    reader = Reader()
    rows = [row for chunk in chunks for row in reader.feed(chunk)]
    return rows + reader.close()


class ReaderTest(unittest.TestCase):
    def test_rows(self):
        self.assertEqual(read('a,b\r\n"1,5",""\r\n'), [["a", "b"], ["1,5", ""]])

    def test_a_line_end_in_two_chunks(self):
        self.assertEqual(read('a,"b"\r', '\n"c",d\r\n'), [["a", "b"], ["c", "d"]])

    def test_a_quote_at_the_end_of_a_chunk(self):
        self.assertEqual(read('"say "', '"hi"""\n'), [['say "hi"']])

    def test_after_a_closing_quote(self):
        with self.assertRaises(CsvError):
            read('"a"b\n')


class WriterTest(unittest.TestCase):
    def test_quotes(self):
        self.assertEqual(format_row(["a,b", 'say "hi"', "c"]), '"a,b",say "hi",c\n')


if __name__ == "__main__":
    unittest.main()
