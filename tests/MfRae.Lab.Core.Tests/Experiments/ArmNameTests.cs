using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>What arms may be called.</summary>
public sealed class ArmNameTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_title_is_separate_from_the_name_and_not_an_option()
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
    [InlineData("\"\"", "not a valid arm title")]
    [InlineData("\"a\\u202eb\"", "not a valid arm title")]
    [InlineData("\"b\"", "two arms have the title `b`")]
    public void A_title_must_be_one_unique_line_of_text(string title, string message) =>
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
    [InlineData("a b", "a `title` may contain any characters")]
    [InlineData("e\\u0301", "Unicode NFC")]
    public void Path_separators_and_invisible_characters_are_rejected_in_arm_names(string name, string suggestion)
    {
        var mistake = _work.Mistake($$"""
            "arms": { "{{name}}": {}, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "b"
            """);

        mistake.Message.Should().Contain("is not a valid arm name");
        mistake.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void The_length_of_an_arm_name_is_limited_in_bytes()
    {
        string Arms(string name) => $$""" "arms": { "{{name}}": {}, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "b" """;

        _work.Valid(Arms(new string('a', 200)));
        _work.Valid(Arms(new string('λ', 100)));
        _work.Mistake(Arms(new string('λ', 101))).Message.Should().Contain("is not a valid arm name");
    }

    [Fact]
    public void An_axis_over_kinds_is_named_after_the_object_with_the_kind() =>
        _work.Valid("""
            "axes": { "meanflow.derivative.kind": ["jvp", "centralDifference"] }, "baseline": { "meanflow.derivative.kind": "jvp" }
            """).Arms.Select(arm => arm.Name).Should().Equal("derivative=jvp", "derivative=centralDifference");
}
