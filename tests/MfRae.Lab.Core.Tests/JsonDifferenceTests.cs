namespace MfRae.Lab.Core.Tests;

public sealed class JsonDifferenceTests
{
    [Fact]
    public void Only_differences_are_returned_with_their_paths() =>
        JsonDifference.Of("""{"a":{"b":1,"c":[1,2],"same":true},"gone":"x"}""", """{"a":{"b":2,"c":[1,3],"same":true},"new":null}""")
            .Should().Equal(
                new JsonDifference("a.b", "1", "2"),
                new JsonDifference("a.c", "[1,2]", "[1,3]"),
                new JsonDifference("gone", "\"x\"", null),
                new JsonDifference("new", null, "null"));

    [Fact]
    public void An_object_with_duplicate_names_is_compared_as_text() =>
        JsonDifference.Of("""{"a":{"b":1,"b":2}}""", """{"a":{"b":1}}""").Select(difference => difference.Path).Should().Equal("", "a.b");

    [Fact]
    public void Text_that_is_not_JSON_is_compared_as_text() =>
        JsonDifference.Of("{", "{}").Should().ContainSingle().Which.One.Should().Be("\"{\"");
}
