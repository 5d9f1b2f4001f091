using System.Formats.Tar;
using System.IO.Compression;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests;

/// <summary>The example of docs/own-data.md: a folder of colour images, on which every network is trained.</summary>
public sealed partial class OwnDataTests : IDisposable
{
    private const string Experiment = "experiments/shapes.json";

    // The minimum number of steps and samples: the test checks that it runs, not its results.
    private static readonly string[] Small =
    [
        "encoder.training.steps=2", "decoder.training.steps=2", "teacher.training.steps=2", "cmt.training.steps=2",
        "meanflow.training.steps=2", "meanflow.snapshots=1", "sampling.samples=24", "sampling.keptLatents=12", "sampling.teacherSteps=[1,2]",
        "evaluation.features.training.steps=2", "evaluation.snapshotSamples=12", "evaluation.bootstrapDraws=5",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("own-data-").FullName;

    public OwnDataTests()
    {
        Directory.CreateDirectory(At("experiments/base"));
        Directory.CreateDirectory(At("data"));
        File.Copy(Path.Combine(Checkout.Root, "experiments/base/image-folder.json"), At("experiments/base/image-folder.json"));
        using var archive = new GZipStream(File.OpenRead(Path.Combine(Checkout.Root, "data/shapes.tar.gz")), CompressionMode.Decompress);
        TarFile.ExtractToDirectory(archive, At("data"), overwriteFiles: false);
        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Checkout.Root, "docs/own-data.md")));
        File.WriteAllText(At(Experiment), blocks.Should().ContainSingle("the document has one experiment").Subject.Groups[1].Value);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_documented_example_is_valid() => Run("validate", Experiment).Code.Should().Be(ExitCode.Ok);

    [Fact]
    public void The_documented_example_runs()
    {
        var answer = Run([Experiment, .. Small]);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().Contain("base (baseline)").And.Contain("reports/shapes~");
        Directory.GetFiles(At("reports"), "shapes~*.html").Should().ContainSingle();
    }

    private Answer Run(params string[] args)
    {
        using var process = LabProcess.Start(_folder, args);
        return LabProcess.End(process);
    }

    private string At(string name) => Path.Combine(_folder, name);

    [GeneratedRegex("```json\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
