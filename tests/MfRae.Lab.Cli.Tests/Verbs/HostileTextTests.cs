using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>
/// Texts that would like to be a path, a command, markup, a template or a terminal's order, at the entrances of the lab: each is stored
/// as it is, or refused with one clear message; none does anything.
/// </summary>
public sealed class HostileTextTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    public static TheoryData<string> Texts => new(All);

    private static string[] All =>
    [
        "../x", "..\\x", "/etc/passwd", "C:\\x", "<img src=x onerror=alert(1)>", "{{ 1 }}", "{% raw %}", "\u001b[2J\u0007", "a\u202Eb", "a\u2066b",
        "a\nb", "a\n", "a\0b", "'; drop table run; --", "$(id)`id`", "%s%n", "\uD800", new string('x', 10_000_000),
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void An_arm_is_a_name(string text) => Refused(Edited("\"mfd\"", JsonSerializer.Serialize(text)), "arm");

    [Theory]
    [MemberData(nameof(Texts))]
    public void An_unknown_option_is_reported_by_its_name_and_has_no_effect(string text) =>
        Refused(Edited("\"seeds\"", JsonSerializer.Serialize(text) + ": 1, \"seeds\""));

    [Theory]
    [MemberData(nameof(Texts))]
    public void An_unknown_choice_is_refused(string text) => Refused([Smoke, "meanflow.kind=" + JsonSerializer.Serialize(text)], "kind");

    [Theory]
    [MemberData(nameof(Texts))]
    public void An_override_without_a_path_is_refused(string text)
    {
        Refused([Smoke, text]);
        Refused([Smoke, text + "=1"]);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Only_takes_arms(string text) => Refused([Smoke, "--only", text], "not an arm");

    [Theory]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("<b>")]
    [InlineData("a\u202Eb")]
    [InlineData("\u001b[2J")]
    public void A_file_name_that_cannot_name_an_experiment_is_refused(string name)
    {
        _lab.Write($"experiments/{name}.json", File.ReadAllText(_lab.At(Smoke)));

        Refused([$"experiments/{name}.json"], "is not a valid experiment name");
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_missing_file_is_reported(string text) => Refused([text + ".json"]);

    [Fact]
    public void Too_long_or_too_deep_json_is_refused()
    {
        _lab.Write("experiments/deep.json", string.Concat(Enumerable.Repeat("{\"base\":", 100_000)));
        Refused(["experiments/deep.json"]);
        _lab.Write("experiments/deep.json", new string('[', 1_000_000));
        Refused(["experiments/deep.json"]);
        Refused([Smoke, "meanflow.lambda=" + new string('[', 1_000_000)]);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_question_is_shown_as_text_everywhere(string text)
    {
        var question = JsonSerializer.Serialize(text);
        _lab.Write("experiments/asked.json", File.ReadAllText(_lab.At(Smoke)).Replace("\"question\":", $"\"report\": {{ \"title\": {question} }}, \"question\":"
            + question + ", // ", StringComparison.Ordinal));
        var answer = _lab.Run("plan", "experiments/asked.json");
        Harmless(answer);
        answer.Code.Should().BeOneOf(ExitCode.Ok, ExitCode.Usage);
        if (answer.Code != ExitCode.Ok || text.Length > 1000)
            return;

        Harmless(_lab.Run("experiments/asked.json"));

        JsonDocument.Parse(_lab.Run("query", "select question from experiments", "--json").Out).RootElement[0].GetProperty("question").GetString()
            .Should().Be(text.Replace('\uD800', '\uFFFD'));
        Harmless(_lab.Run("query", "select question from experiments"));
        var page = File.ReadAllText(_lab.At("reports/asked.html"));
        page.Should().NotContain("<img src=x");
        _lab.Exists("x").Should().BeFalse();
    }

    [Fact]
    public void Verbs_report_names_that_do_not_exist()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        foreach (var text in All)
        {
            foreach (var verb in new[] { "show", "verify", "logs", "tag", "note", "archive", "rm", "compare", "diff", "report", "query", "export" })
            {
                string[] more = verb is "compare" or "diff" ? ["smoke"] : verb == "export" ? ["--to", "out", "--format", "csv"] : [];
                var answer = _lab.Run([verb, .. more, "--", text]);
                answer.Code.Should().NotBe(ExitCode.Ok, verb);
                Harmless(answer);
            }
        }

        _lab.Exists("out").Should().BeFalse();
        _lab.Run("db", "check").Code.Should().Be(ExitCode.Ok);
        _lab.Run("query", "select count(*) from runs", "--csv").Out.Should().Contain("2");
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void The_error_of_a_stage_is_text(string text)
    {
        _lab.OnStage = context =>
        {
            if (context.Spec.Node.Kind == "meanflow")
                throw new MfRae.Lab.Core.LabException(text);
        };

        Harmless(_lab.Run(Smoke));

        Harmless(_lab.Run("query", "select reason from stages"));
        Harmless(_lab.Run("ls"));
        File.ReadAllText(_lab.At("reports/smoke.html")).Should().NotContain("<img src=x").And.NotContain("\u001b");
    }

    /// <summary>The shipped experiment with one thing in it replaced.</summary>
    private string[] Edited(string what, string by)
    {
        var text = File.ReadAllText(_lab.At(Smoke));
        text.Should().Contain(what);
        _lab.Write("experiments/edited.json", text.Replace(what, by, StringComparison.Ordinal));
        return ["experiments/edited.json"];
    }

    private void Refused(string[] args, string reason = "")
    {
        var answer = _lab.Run(["plan", .. args]);
        answer.Code.Should().BeOneOf([ExitCode.Usage, ExitCode.Environment], answer.Error);
        answer.Error.Contains(reason, StringComparison.Ordinal).Should().BeTrue(answer.Error[..Math.Min(1000, answer.Error.Length)]);
        answer.Error.Should().NotBeEmpty().And.NotContain("   at ");
        Harmless(answer);
        _lab.Exists("data/lab.db").Should().BeFalse();
    }

    /// <summary>No control sequences, and a limited length.</summary>
    private static void Harmless(Answer answer)
    {
        foreach (var said in new[] { answer.Out, answer.Error })
        {
            said.Where(letter => char.IsControl(letter) && letter is not ('\n' or '\r' or '\t')).Should().BeEmpty();
            said.Should().NotContainAny("\u202E", "\u2066");
            said.Length.Should().BeLessThan(60_000);
        }
    }
}
