using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>What arms may be called.</summary>
public sealed class ArmNameTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_title_stands_beside_the_name_and_is_no_option()
    {
        var arms = _work.Valid("""
            "arms": { "a": { "title": "CMT, λ = 1" }, "b": { "title": null, "meanflow": { "lambda": 0 } } }, "baseline": "a"
            """).Arms;

        arms.Select(arm => (arm.Name, arm.Title)).Should().Equal(("a", "CMT, λ = 1"), ("b", null));
        arms[0].Differences.Should().BeEmpty();
        arms[1].Differences.Keys.Should().Equal("meanflow.lambda");
    }

    [Fact]
    public void A_title_changes_no_stage_and_no_run()
    {
        const string Arms = """ "arms": { "a": { TITLE }, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "a" """;

        _work.Plan(Arms.Replace("TITLE", "\"title\": \"Alpha\"")).Hash.Should().Be(_work.Plan(Arms.Replace("TITLE", "")).Hash);
    }

    [Theory]
    [InlineData("1", "expected a string, got the number 1")]
    [InlineData("\"\"", "cannot be the title of an arm")]
    [InlineData("\"a\\u202eb\"", "cannot be the title of an arm")]
    [InlineData("\"b\"", "two arms are called `b`")]
    public void A_title_is_a_line_of_text_of_its_own(string title, string message) =>
        _work.Mistake($$"""
            "arms": { "a": { "title": {{title}} }, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "a"
            """).Message.Should().Contain(message);

    [Theory]
    [InlineData("λ=1")]
    [InlineData("среднее")]
    [InlineData("平均流")]
    [InlineData("é")]
    [InlineData("हिन्दी")]
    public void Letters_of_any_script_name_an_arm(string name) =>
        _work.Valid($$"""
            "arms": { "{{name}}": {}, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "{{name}}"
            """).Arms[0].Name.Should().Be(name);

    [Theory]
    [InlineData("a/b", "use letters")]
    [InlineData("a\\\\b", "use letters")]
    [InlineData("a\\u202eb", "use letters")]
    [InlineData("a\\u0007b", "use letters")]
    [InlineData("a b", "a `title` may be any text")]
    [InlineData("e\\u0301", "Unicode NFC")]
    public void What_meets_a_path_or_cannot_be_seen_names_no_arm(string name, string suggestion)
    {
        var mistake = _work.Mistake($$"""
            "arms": { "{{name}}": {}, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "b"
            """);

        mistake.Message.Should().Contain("cannot name an arm");
        mistake.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void A_name_is_as_long_as_a_file_may_be_called_in_bytes()
    {
        string Arms(string name) => $$""" "arms": { "{{name}}": {}, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "b" """;

        _work.Valid(Arms(new string('a', 200)));
        _work.Valid(Arms(new string('λ', 100)));
        _work.Mistake(Arms(new string('λ', 101))).Message.Should().Contain("cannot name an arm");
    }

    [Fact]
    public void An_axis_over_kinds_is_named_by_what_they_are_kinds_of() =>
        _work.Valid("""
            "axes": { "meanflow.derivative.kind": ["jvp", "centralDifference"] }, "baseline": { "meanflow.derivative.kind": "jvp" }
            """).Arms.Select(arm => arm.Name).Should().Equal("derivative=jvp", "derivative=centralDifference");
}
