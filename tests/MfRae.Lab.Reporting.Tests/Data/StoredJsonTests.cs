using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Tests.Data;

public sealed class StoredJsonTests
{
    [Fact]
    public void Json_is_indented_and_keeps_its_characters() =>
        StoredJson.Lines("""{"a":[1],"b":"λ<"}""").Should().Be("{\n  \"a\": [\n    1\n  ],\n  \"b\": \"λ<\"\n}");

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("""{"a":{"b":1,"b":2}}""")]
    public void Text_that_is_not_JSON_or_repeats_a_name_is_shown_as_it_is_and_not_parsed(string text)
    {
        StoredJson.Lines(text).Should().Be(text);
        StoredJson.Parse(text).Should().BeNull();
    }
}
