using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Store;

public sealed class SpaceForecastTests : IDisposable
{
    private static readonly StageNode Latents = TestPlan.Stage("latents", "") with { Kind = "latents" };
    private static readonly StageNode Network = TestPlan.Stage("network", "", Latents) with { Kind = "meanflow" };
    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_stage_with_the_same_options_has_the_size_of_the_complete_one()
    {
        _lab.Run(TestPlan.Of(Latents, Network)).Succeeded.Should().BeTrue();
        var size = Directory.EnumerateFiles(_lab.Store.CompleteFolder(Network.Key)).Where(file => Path.GetFileName(file) != ArtifactStore.ManifestName)
            .Sum(file => new FileInfo(file).Length);

        var forecast = new SpaceForecast(_lab.Store);

        forecast.Of(Network with { Key = new('a', 64), Seed = 7 }).Should().Be(size);
        // Other options: the median of the kind.
        forecast.Of(TestPlan.Stage("network", "steps=9") with { Kind = "meanflow" }).Should().Be(size);
        forecast.Of(TestPlan.Stage("network", "steps=9") with { Kind = "cmt" }).Should().BeNull();
    }

    [Fact]
    public void An_empty_store_predicts_nothing() => new SpaceForecast(_lab.Store).Of(Network).Should().BeNull();
}
