from slugs import slug


def test_the_example():
    assert slug("  Hello, World! ") == "hello-world"
