using System.Security.Cryptography;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>An experiment goes from one lab to another in one file, and comes out as it went in.</summary>
public sealed class CapsuleVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private static readonly string[] Views =
        ["arms", "evaluations", "metrics", "stages", "attempts", "costs", "runs", "run_stages", "tags", "notes", "experiment_files"];

    private readonly LabFolder _from = new();
    private readonly LabFolder _to = new();

    private string Capsule => _from.At("out/smoke.capsule");

    public void Dispose()
    {
        _from.Dispose();
        _to.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_imported_experiment_has_the_same_report_and_the_same_rows(bool failed)
    {
        if (failed)
            _from.OnStage = Fail;
        _from.Run(Smoke).Code.Should().Be(failed ? ExitCode.RunsFailed : ExitCode.Ok);
        _from.Run("tag", "smoke", "good").Code.Should().Be(ExitCode.Ok);
        _from.Run("note", "smoke", "<img src=x onerror=alert(1)> {{ 1 }}").Code.Should().Be(ExitCode.Ok);

        Export();
        var answer = _to.Run("import", Capsule);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Error.Should().BeEmpty();
        Dump(_to).Should().Be(Dump(_from));
        _from.Run("report").Code.Should().Be(ExitCode.Ok);
        File.ReadAllBytes(_to.At("reports/smoke.html")).Should().Equal(File.ReadAllBytes(_from.At("reports/smoke.html")));
        _to.Run("report", "--check").Code.Should().Be(ExitCode.Ok);
        _to.Run("db", "check").Code.Should().Be(ExitCode.Ok);
        _to.Run("verify", "smoke").Code.Should().Be(_from.Run("verify", "smoke").Code);
        _to.Exists("data/store/.import").Should().BeFalse();
    }

    [Fact]
    public void Importing_twice_changes_nothing_and_the_next_run_computes_nothing()
    {
        _from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Export();
        _to.Run("import", Capsule).Code.Should().Be(ExitCode.Ok);
        var (rows, files) = (Dump(_to), Files(_to));

        _to.Run("import", Capsule).Out.Should().Contain(" 0 stages added");

        Dump(_to).Should().Be(rows);
        Files(_to).Should().Equal(files);
        _to.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        _to.Started.Should().BeEmpty();
    }

    [Fact]
    public void A_failure_that_was_imported_twice_is_reported_once()
    {
        _from.OnStage = Fail;
        _from.Run(Smoke).Code.Should().Be(ExitCode.RunsFailed);
        Export();
        _to.Run("import", Capsule);
        var (rows, files) = (Dump(_to), Files(_to));

        _to.Run("import", Capsule).Code.Should().Be(ExitCode.Ok);

        Dump(_to).Should().Be(rows).And.Contain("no room");
        Files(_to).Should().Equal(files);
    }

    [Fact]
    public void The_same_experiment_makes_the_same_capsule()
    {
        _from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Export();
        var first = File.ReadAllBytes(Capsule);
        _from.Run("export", "smoke", "--to", "out/smoke.capsule").Code.Should().Be(ExitCode.Environment, "the file is there");

        _from.Run("export", "smoke", "--to", "out/smoke.capsule", "--force").Code.Should().Be(ExitCode.Ok);

        File.ReadAllBytes(Capsule).Should().Equal(first);
    }

    [Fact]
    public void A_damaged_stage_is_replaced_and_a_local_note_is_kept()
    {
        _from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        _from.Run("note", "smoke", "theirs");
        Export();
        _to.Run("import", Capsule);
        _to.Run("note", "smoke", "ours");
        var store = new ArtifactStore(_to.At("data/store"));
        var key = store.CompleteKeys()[0];
        File.AppendAllText(Path.Combine(store.CompleteFolder(key), "output.txt"), "x");

        var answer = _to.Run("import", Capsule);

        answer.Out.Should().Contain("1 stages added").And.Contain("1 damaged stages set aside");
        answer.Error.Should().Contain("smoke: the existing note is kept");
        store.Verify(key).Ok.Should().BeTrue();
        _to.Run("note", "smoke").Out.Should().Contain("ours");
    }

    [Fact]
    public void A_changed_stage_is_not_packed()
    {
        _from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var store = new ArtifactStore(_from.At("data/store"));
        File.AppendAllText(Path.Combine(store.CompleteFolder(store.CompleteKeys()[0]), "output.txt"), "x");

        var answer = _from.Run("export", "smoke", "--to", "out/smoke.capsule");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("has changed");
        Directory.GetFiles(_from.At("out")).Should().BeEmpty();
    }

    private static void Fail(StageContext context)
    {
        if (context.Spec.Node.Label == "meanflow mfd")
            throw new LabException("no room");
    }

    private void Export() => _from.Run("export", "smoke", "--to", "out/smoke.capsule").Code.Should().Be(ExitCode.Ok);

    private static string Dump(LabFolder lab) => string.Join('\n', Views.Select(view => view + lab.Run(
        "query", $"select * from {view}", "--json", "--limit", "100000").Out));

    private static List<string> Files(LabFolder lab) => [.. Directory.GetFiles(lab.At("data/store"), "*", SearchOption.AllDirectories)
        .Where(path => !path.Contains(".locks", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(path => $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}")];
}
