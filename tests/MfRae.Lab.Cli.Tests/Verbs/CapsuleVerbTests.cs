using System.Security.Cryptography;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>An experiment goes from one lab to another in one file, and comes out as it went in.</summary>
public sealed class CapsuleVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private static readonly string[] Views =
        ["arms", "evaluations", "metrics", "stages", "attempts", "costs", "runs", "run_stages", "tags", "notes", "experiment_files"];

    private readonly LabFolder from = new();
    private readonly LabFolder to = new();

    private string Capsule => from.At("out/smoke.capsule");

    public void Dispose()
    {
        from.Dispose();
        to.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_imported_experiment_has_the_same_report_and_the_same_rows(bool failed)
    {
        if (failed)
            from.OnStage = Fail;
        from.Run(Smoke).Code.Should().Be(failed ? ExitCode.RunsFailed : ExitCode.Ok);
        from.Run("tag", "smoke", "good").Code.Should().Be(ExitCode.Ok);
        from.Run("note", "smoke", "<img src=x onerror=alert(1)> {{ 1 }}").Code.Should().Be(ExitCode.Ok);

        Export();
        var answer = to.Run("import", Capsule);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Error.Should().BeEmpty();
        Dump(to).Should().Be(Dump(from));
        from.Run("report").Code.Should().Be(ExitCode.Ok);
        File.ReadAllBytes(to.At("reports/smoke.html")).Should().Equal(File.ReadAllBytes(from.At("reports/smoke.html")));
        to.Run("report", "--check").Code.Should().Be(ExitCode.Ok);
        to.Run("db", "check").Code.Should().Be(ExitCode.Ok);
        to.Run("verify", "smoke").Code.Should().Be(from.Run("verify", "smoke").Code);
        to.Exists("data/store/.import").Should().BeFalse();
    }

    [Fact]
    public void Importing_twice_changes_nothing_and_the_next_run_computes_nothing()
    {
        from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Export();
        to.Run("import", Capsule).Code.Should().Be(ExitCode.Ok);
        var (rows, files) = (Dump(to), Files(to));

        to.Run("import", Capsule).Out.Should().Contain(" 0 stages added");

        Dump(to).Should().Be(rows);
        Files(to).Should().Equal(files);
        to.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        to.Started.Should().BeEmpty();
    }

    [Fact]
    public void A_failure_that_was_imported_twice_is_told_once()
    {
        from.OnStage = Fail;
        from.Run(Smoke).Code.Should().Be(ExitCode.RunsFailed);
        Export();
        to.Run("import", Capsule);
        var (rows, files) = (Dump(to), Files(to));

        to.Run("import", Capsule).Code.Should().Be(ExitCode.Ok);

        Dump(to).Should().Be(rows).And.Contain("no room");
        Files(to).Should().Equal(files);
    }

    [Fact]
    public void The_same_experiment_makes_the_same_capsule()
    {
        from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Export();
        var first = File.ReadAllBytes(Capsule);
        from.Run("export", "smoke", "--to", "out/smoke.capsule").Code.Should().Be(ExitCode.Environment, "the file is there");

        from.Run("export", "smoke", "--to", "out/smoke.capsule", "--force").Code.Should().Be(ExitCode.Ok);

        File.ReadAllBytes(Capsule).Should().Equal(first);
    }

    [Fact]
    public void A_damaged_stage_gives_way_and_a_local_note_stays()
    {
        from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        from.Run("note", "smoke", "theirs");
        Export();
        to.Run("import", Capsule);
        to.Run("note", "smoke", "ours");
        var store = new ArtifactStore(to.At("data/store"));
        var key = store.CompleteKeys()[0];
        File.AppendAllText(Path.Combine(store.CompleteFolder(key), "output.txt"), "x");

        var answer = to.Run("import", Capsule);

        answer.Out.Should().Contain("1 stages added").And.Contain("1 damaged ones set aside");
        answer.Error.Should().Contain("note of smoke");
        store.Verify(key).Ok.Should().BeTrue();
        to.Run("note", "smoke").Out.Should().Contain("ours");
    }

    [Fact]
    public void A_changed_stage_is_not_packed()
    {
        from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var store = new ArtifactStore(from.At("data/store"));
        File.AppendAllText(Path.Combine(store.CompleteFolder(store.CompleteKeys()[0]), "output.txt"), "x");

        var answer = from.Run("export", "smoke", "--to", "out/smoke.capsule");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("has changed");
        Directory.GetFiles(from.At("out")).Should().BeEmpty();
    }

    private static void Fail(StageContext context)
    {
        if (context.Spec.Node.Label == "meanflow mfd")
            throw new LabException("no room");
    }

    private void Export() => from.Run("export", "smoke", "--to", "out/smoke.capsule").Code.Should().Be(ExitCode.Ok);

    private static string Dump(LabFolder lab) => string.Join('\n', Views.Select(view => view + lab.Run(
        "query", $"select * from {view}", "--json", "--limit", "100000").Out));

    private static List<string> Files(LabFolder lab) => [.. Directory.GetFiles(lab.At("data/store"), "*", SearchOption.AllDirectories)
        .Where(path => !path.Contains(".locks", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(path => $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}")];
}
