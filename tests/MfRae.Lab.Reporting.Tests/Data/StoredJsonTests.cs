using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Tests.Data;

public sealed class StoredJsonTests
{
    [Fact]
    public void Json_is_shown_over_several_lines_in_its_own_letters() =>
        StoredJson.Lines("""{"a":[1],"b":"λ<"}""").Should().Be("{\n  \"a\": [\n    1\n  ],\n  \"b\": \"λ<\"\n}");

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("""{"a":{"b":1,"b":2}}""")]
    public void What_is_no_json_or_gives_a_name_twice_is_shown_as_it_is_and_says_nothing(string text)
    {
        StoredJson.Lines(text).Should().Be(text);
        StoredJson.Parse(text).Should().BeNull();
    }
}
