using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>tag, note, archive and rm.</summary>
public sealed class MarkVerbTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public MarkVerbTests() => Ok("experiments/smoke.json");

    public void Dispose() => _lab.Dispose();

    public static TheoryData<string> HostileTexts => new(
        "../x", "..\\x", "/etc/passwd", "@/etc/hostname", "<img src=x onerror=alert(1)>", "'; drop table note; --", "\u001b[2J\a",
        "--json", "a\u202Eb", "line\nline", "$(id) `id`");

    [Fact]
    public void A_dry_run_prints_the_removals_and_removes_nothing()
    {
        var said = Ok("rm", "smoke", "--dry-run");

        said.Should().Contain("would remove smoke with 2 runs").And.Contain("reports/smoke.html").And.Contain("Nothing was changed");
        _lab.Exists("reports/smoke.html").Should().BeTrue();
        Ok("ls").Should().Contain("smoke");
    }

    [Fact]
    public void A_person_at_a_terminal_is_asked_before_an_experiment_is_removed_and_a_script_is_not()
    {
        string? asked = null;
        _lab.Ask = question =>
        {
            asked = question;
            return false;
        };

        _lab.Run("rm", "smoke").Error.Should().Contain("nothing was removed");
        asked.Should().StartWith("Remove smoke with 2 runs");
        Ok("ls").Should().Contain("smoke");

        asked = null;
        Ok("rm", "smoke", "--yes").Should().Contain("removed");
        asked.Should().BeNull();
        Ok("experiments/smoke.json");
        _lab.Ask = _ => true;
        Ok("rm", "smoke").Should().Contain("removed");
        Ok("experiments/smoke.json");
        _lab.Ask = null;
        Ok("rm", "smoke").Should().Contain("removed");
    }

    [Fact]
    public void A_query_cuts_wide_cells_only_on_a_terminal()
    {
        string[] query = ["query", "select experiment, question, question as again from experiments"];
        var whole = Ok(query);
        var (csv, json) = (Ok([.. query, "--csv"]), Ok([.. query, "--json"]));
        _lab.Width = 80;

        var shown = _lab.Run(query);

        shown.Out.ReplaceLineEndings("\n").Split('\n').Should().OnlyContain(line => line.Length <= 80);
        shown.Out.Should().Contain("smoke").And.Contain("Does the whole path work").And.Contain("…");
        shown.Error.Should().Contain("cut to fit the terminal");
        Ok([.. query, "--csv"]).Should().Be(csv);
        Ok([.. query, "--json"]).Should().Be(json);
        whole.Should().Contain("from the experiment file to the report?").And.NotContain("…");
        _lab.Run("query", "select experiment from experiments").Error.Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public void A_note_may_be_any_text_and_is_shown_as_text(string text)
    {
        Ok("note", "smoke", "--", text);

        JsonDocument.Parse(Ok("note", "smoke", "--json")).RootElement.GetProperty("note").GetString().Should().Be(text);
        var shown = Ok("note", "smoke");
        shown.Where(letter => char.IsControl(letter) && letter is not ('\n' or '\r')).Should().BeEmpty();
        shown.Should().NotContain("\u202E");
        Ok("query", "select note from notes").Should().NotContain("\u001b");
        Ok("report");
        File.ReadAllText(_lab.At("reports/smoke.html")).Should().NotContain("<img src=x");
    }

    [Fact]
    public void An_oversized_note_is_refused()
    {
        var answer = _lab.Run("note", "smoke", new string('x', 10_000_000));

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Length.Should().BeLessThan(500);
        Ok("note", "smoke").Should().Contain("has no note");
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a b")]
    [InlineData("<b>")]
    [InlineData("")]
    [InlineData("\u001b[2J")]
    public void Invalid_tags_are_refused(string tag)
    {
        var answer = _lab.Run("tag", "smoke", tag);

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().NotContain("\u001b");
        Ok("tag", "smoke").Should().Contain("no tags");
    }

    [Fact]
    public void Tags_belong_to_experiments_and_runs_and_ls_shows_both()
    {
        var run = Cell("select run from runs where arm = 'mfd'");

        Ok("tag", "smoke", "paper", "first");
        Ok("tag", run[..8], "good");
        Ok("tag", "smoke", "first", "--remove");

        var lines = Ok("ls").Split('\n');
        lines.Should().ContainSingle(line => line.Contains("mfd")).Which.Should().Contain("paper good").And.NotContain("first");
        lines.Should().ContainSingle(line => line.Contains("mft")).Which.Should().Contain("paper").And.NotContain("good");
        JsonDocument.Parse(Ok("tag", "smoke", "--json")).RootElement.GetProperty("tags").GetArrayLength().Should().Be(1);
    }

    [Fact]
    public void Annotations_survive_a_lost_database()
    {
        Ok("tag", "smoke", "paper");
        Ok("note", "smoke", "<img src=x onerror=alert(1)>");
        Ok("archive", "smoke");
        foreach (var file in Directory.GetFiles(_lab.At("data"), "lab.db*"))
            File.Delete(file);

        Ok("db", "rebuild");

        Ok("tag", "smoke").Should().Contain("paper");
        Ok("note", "smoke").Should().Contain("<img src=x onerror=alert(1)>");
        Cell("select archived from experiments").Should().Be("1");
    }

    [Fact]
    public void An_archived_experiment_is_not_listed_and_gc_may_delete_its_stages()
    {
        Ok("archive", "smoke");

        Ok("ls").Should().NotContain("mfd");
        Ok("ls", "--all").Should().Contain("mfd");
        Ok("ls", "smoke").Should().Contain("mfd");
        Ok("gc", "--dry-run", "--older-than", "0").Should().MatchRegex(@"(?m)^stages +0 +0 B +[1-9]");
        Ok("archive", "smoke", "--undo");
        Ok("gc", "--dry-run", "--older-than", "0").Should().MatchRegex(@"total +\d+ +\S+ \w+ +0 +0 B");
    }

    [Fact]
    public void A_removed_experiment_frees_its_name_and_its_stages_are_reused_before_gc()
    {
        Ok("tag", "smoke", "paper");

        Ok("rm", "smoke").Should().Contain("removed");

        Ok("ls").Should().NotContain("smoke");
        _lab.Exists("reports/smoke.html").Should().BeFalse();
        Cell("select (select count(*) from stage) + (select count(*) from point) + (select count(*) from tag)").Should().Be("0");
        Ok("db", "check");
        Ok("experiments/smoke.json");
        _lab.Started.Should().BeEmpty("the artifacts are still there");
        Ok("rm", "smoke");
        Ok("gc", "--older-than", "0");
        Ok("experiments/smoke.json");
        _lab.Started.Should().NotBeEmpty();
    }

    [Fact]
    public void Stages_shared_with_another_experiment_stay_in_the_database()
    {
        Ok("experiments/smoke.json", "meanflow.training.steps=7");
        var before = Ok("query", "select * from evaluations where experiment = 'smoke'");
        var other = Cell("select experiment from experiments where experiment <> 'smoke'");

        Ok("rm", other);

        Ok("query", "select * from evaluations where experiment = 'smoke'").Should().Be(before);
        Ok("db", "check");
    }

    [Fact]
    public void Experiments_cited_by_a_published_report_or_an_experiment_file_are_not_removed()
    {
        var key = Cell("select stage from stages where label = 'meanflow mfd'");
        _lab.Write("experiments/next.json", $$"""{ "weights": "data/store/{{key}}/network.safetensors" }""");
        var cited = _lab.Run("rm", "smoke");
        cited.Code.Should().Be(ExitCode.Environment);
        cited.Error.Should().Contain("experiments/next.json");

        File.Delete(_lab.At("experiments/next.json"));
        Directory.CreateDirectory(_lab.At("reports/published"));
        File.Copy(_lab.At("reports/smoke.html"), _lab.At("reports/published/other.html"));
        _lab.Run("rm", "smoke").Error.Should().Contain("reports/published/other.html");
        Ok("ls").Should().Contain("smoke");
    }

    private string Ok(params string[] args)
    {
        var answer = _lab.Run(args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer.Out;
    }

    private string Cell(string sql) => Ok("query", sql, "--csv").Split('\n')[1].Trim();
}
