using TorchSharp;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// Every manifest of the folder named by MFRAE_REFERENCE (default: the committed copy) must be read by a check, and every
/// tensor that it lists compared.
/// </summary>
[Scoped]
public sealed class ReferenceTests
{
    private static readonly IReferenceCheck[] Checks =
    [
        new ScheduleCheck(),
        new OdeCheck(),
        new LossesCheck(),
        new TrainStepsCheck(),
        new RaeCheck(),
        new InceptionCheck(),
        new MetricsCheck(),
        new DdtVelocityCheck(),
        new DdtMeanFlowCheck(),
        new PlainDitCheck(),
        new AutoencoderKlCheck(),
        new FormatsCheck(),
        new ReleasedSamplingCheck(),
        new LambdaGuidedCheck(),
        new AlphaFlowCheck(),
        new SplitCheck(),
        new ImprovedMeanFlowCheck(),
    ];

    public static TheoryData<string> Manifests()
    {
        var data = new TheoryData<string>();
        foreach (var path in Directory.EnumerateFiles(Folder(), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            data.Add(Path.GetRelativePath(Folder(), path));
        return data;
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void The_lab_agrees_with_the_reference(string manifest)
    {
        // On a busy machine, more threads than free cores wait for each other much longer than these networks take.
        torch.set_num_threads(1);
        using var scope = torch.NewDisposeScope();
        var vectors = new ReferenceManifest(Path.Combine(Folder(), manifest));
        var checks = Checks.Where(check => check.Kind == vectors.Kind).ToList();
        checks.Should().NotBeEmpty("a check must read manifests of kind {0}", vectors.Kind);
        checks.ForEach(check => check.Run(vectors));
        vectors.Unused.Should().BeEmpty("every listed tensor must be compared");
    }

    [Fact]
    public void The_folder_holds_manifests() => Manifests().Should().NotBeEmpty();

    private static string Folder() => Environment.GetEnvironmentVariable("MFRAE_REFERENCE") is { Length: > 0 } named
        ? Path.GetFullPath(named)
        : Golden.Path("reference", "");
}
