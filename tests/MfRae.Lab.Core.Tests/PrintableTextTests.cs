namespace MfRae.Lab.Core.Tests;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("plain λ = 0,5", "plain λ = 0,5")]
    [InlineData("\u001b[2J", "\\u001b[2J")]
    [InlineData("one\ntwo\t", "one\\u000atwo\\u0009")]
    [InlineData("a\u202Eb\u2028", "a\\u202eb\\u2028")]
    [InlineData("😀", "😀")]
    public void Invisible_characters_are_escaped(string text, string expected) => PrintableText.Of(text).Should().Be(expected);

    [Fact]
    public void A_long_text_is_truncated_with_its_length() =>
        PrintableText.Of(new string('x', 10_000_000), 5).Should().Be("xxxxx… (10000000 characters)");

    [Fact]
    public void Half_a_surrogate_pair_is_replaced() => PrintableText.Of("\ud83d").Should().Be("\ufffd");
}
