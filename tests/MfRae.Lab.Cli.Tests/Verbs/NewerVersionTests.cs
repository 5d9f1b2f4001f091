using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>A store that a newer version of the program worked in, and one with a damaged journal.</summary>
public sealed class NewerVersionTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private const string Newer = """{"seq":SEQ,"at":"2030-01-02T03:04:05+00:00","event":{"type":"energy","joules":5}}""";

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Event_kinds_of_a_newer_version_survive_a_rebuild_an_export_an_import_and_the_next_run()
    {
        var journal = FailedJournal();
        Append(journal, Newer);
        var told = File.ReadAllText(journal);

        var rebuilt = _lab.Run("db", "rebuild");
        rebuilt.Code.Should().Be(ExitCode.Ok, rebuilt.Error);
        rebuilt.Error.Should().Contain(journal).And.Contain("`energy`").And.Contain("update the program");
        _lab.Run("query", "select status from attempts where status = 'failed'", "--csv").Out.Should().Contain("failed");
        using var other = new LabFolder();
        _lab.Run("export", "smoke", "--to", _lab.At("smoke.capsule")).Code.Should().Be(ExitCode.Ok);
        var imported = other.Run("import", _lab.At("smoke.capsule"));
        imported.Code.Should().Be(ExitCode.Ok, imported.Error);
        File.ReadAllText(Journals(other).Single(path => File.ReadAllText(path).Contains("energy", StringComparison.Ordinal))).Should().Be(told);

        var run = _lab.Run(Smoke);

        run.Code.Should().Be(ExitCode.Ok, run.Error);
        File.ReadAllText(Journals(_lab).Single(path => File.ReadAllText(path).Contains("energy", StringComparison.Ordinal))).Should().Be(told);
        _lab.Run("verify", "smoke").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void A_complete_stage_with_events_of_a_newer_version_verifies_and_is_reused_and_a_value_of_unknown_identity_is_not_taken()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        string Rows() => string.Join('\n', new[] { "arms", "evaluations", "costs", "attempts" }
            .Select(view => _lab.Run("query", $"select * from {view}", "--json").Out));
        var before = Rows();
        var journal = Journals(_lab).First(path => File.ReadAllText(path).Contains("\"metric\":\"fid\"", StringComparison.Ordinal));
        var measured = File.ReadLines(journal).First(line => line.Contains("\"metric\":\"fid\"", StringComparison.Ordinal));
        Append(journal, Newer);
        Append(journal, "{\"seq\":SEQ" + measured[measured.IndexOf(",\"at\"", StringComparison.Ordinal)..]
            .Replace("\"metric\":", "\"colourSpace\":\"lab\",\"metric\":", StringComparison.Ordinal));
        Reseal(Path.GetDirectoryName(journal)!, journal);

        _lab.Run("verify", "smoke").Code.Should().Be(ExitCode.Ok);
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        _lab.Started.Should().BeEmpty();
        Rows().Should().Be(before);
        var rebuilt = _lab.Run("db", "rebuild");
        rebuilt.Code.Should().Be(ExitCode.Ok, rebuilt.Error);
        rebuilt.Error.Should().Contain("(1 of kind `energy`, 1 of kind `measured`)");
        Rows().Should().Be(before);
    }

    [Fact]
    public void A_damaged_journal_stops_a_run_and_is_reported_by_a_rebuild_and_is_not_cut()
    {
        var journal = FailedJournal();
        Append(journal, "no line of a journal");
        Append(journal, Newer);
        var told = File.ReadAllText(journal);
        var line = told.Count(character => character == '\n') - 1;

        var run = _lab.Run(Smoke);
        run.Code.Should().Be(ExitCode.Environment);
        run.Error.Should().Contain($"{journal}, line {line}: ");
        var rebuilt = _lab.Run("db", "rebuild");
        rebuilt.Code.Should().Be(ExitCode.Ok, rebuilt.Error);
        rebuilt.Error.Should().Contain($"{journal}, line {line}: ");

        File.ReadAllText(journal).Should().Be(told);
        _lab.Run("query", "select status from attempts where status = 'failed'", "--csv").Out.Should().Contain("failed");
    }

    [Fact]
    public void Annotations_of_a_newer_version_are_not_overwritten_and_the_database_is_unchanged()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        _lab.Run("tag", "smoke", "good").Code.Should().Be(ExitCode.Ok);
        var marks = _lab.At("data/store/.plans/marks.json");
        File.WriteAllText(marks, File.ReadAllText(marks).Replace("\"text\":", "\"author\":\"me\",\"text\":", StringComparison.Ordinal));
        var before = File.ReadAllText(marks);

        foreach (var command in (string[][])[["tag", "smoke", "bad"], ["note", "smoke", "text"], ["archive", "smoke"]])
        {
            var answer = _lab.Run(command);
            answer.Code.Should().Be(ExitCode.Environment);
            answer.Error.Should().Contain("marks.json").And.Contain("update the program");
        }

        File.ReadAllText(marks).Should().Be(before);
        _lab.Run("tag", "smoke").Out.Should().Be("smoke: good" + Environment.NewLine);
    }

    /// <summary>Updates the manifest for a changed journal.</summary>
    private static void Reseal(string folder, string journal)
    {
        var path = Path.Combine(folder, ArtifactStore.ManifestName);
        var json = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        json.Remove("sha256");
        var file = json["files"]!.AsArray().Single(one => one!["name"]!.GetValue<string>() == Path.GetFileName(journal))!;
        file["size"] = new FileInfo(journal).Length;
        file["sha256"] = FileHash.Of(journal);
        var rest = "\"," + json.ToJsonString()[1..];
        File.WriteAllText(path, "{\"sha256\":\"" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(rest))) + rest);
    }

    /// <summary>The journal of an evaluation that failed, in a folder of a stage in work.</summary>
    private string FailedJournal()
    {
        var failed = false;
        _lab.OnStage = context =>
        {
            if (context.Spec.Node.Definition is EvaluationStage && !failed)
            {
                failed = true;
                throw new LabException("the machine is too small");
            }
        };
        _lab.Run(Smoke).Code.Should().Be(ExitCode.RunsFailed);
        return Directory.EnumerateFiles(_lab.At("data/store/.partial"), "journal.*.jsonl", SearchOption.AllDirectories).Single();
    }

    private static void Append(string journal, string line) => File.AppendAllText(journal, line.Replace(
        "SEQ", (File.ReadAllLines(journal).Length + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal) + "\n");

    private static IEnumerable<string> Journals(LabFolder lab) =>
        Directory.EnumerateFiles(lab.At("data/store"), "journal.*.jsonl", SearchOption.AllDirectories);
}
