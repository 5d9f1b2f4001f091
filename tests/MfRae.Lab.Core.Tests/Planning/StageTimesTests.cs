using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class StageTimesTests
{
    private static readonly SamplingStage Thousand = new(1_000, [1], 0, 250, 0);
    private static readonly SamplingStage Many = Thousand with { Samples = 50_000 };

    private readonly StageTimes _times = new();

    [Fact]
    public void The_same_computation_takes_its_median_time()
    {
        foreach (double seconds in (double[])[10, 12, 100])
            _times.Add(Thousand, new(seconds, 2 * seconds));

        _times.Of(Thousand).Should().Be(new StageTime(12, 24));
        _times.Of(Thousand with { Steps = [1] }).Should().Be(new StageTime(12, 24), "a list with equal items is the same option");
    }

    [Fact]
    public void Another_computation_of_the_kind_takes_time_in_proportion_to_its_work()
    {
        _times.Add(Thousand, new(10, 20));

        var predicted = _times.Of(Many)!.Value;
        predicted.WallSeconds.Should().BeApproximately(10.0 * Many.Work() / Thousand.Work(), 1e-9);
        predicted.CpuSeconds.Should().BeApproximately(2 * predicted.WallSeconds, 1e-9);
    }

    [Fact]
    public void Another_network_is_unknown_and_can_only_be_guessed()
    {
        var training = new TrainingOptions(200, 64);
        MeanFlowStage Of(DitOptions network, int steps) => new(new LambdaMeanFlowOptions(
            0, network, new UniformTimeOptions(), new CentralDifferenceOptions(), new PlainLossWeightOptions(), training with { Steps = steps }));
        var trained = Of(new DitOptions(), 200);
        _times.Add(trained, new(10, 20));

        var longer = Of(new DitOptions(), 400);
        _times.Of(longer)!.Value.WallSeconds.Should().BeApproximately(10.0 * longer.Work() / trained.Work(), 1e-9);
        var smaller = Of(new DitOptions(TrunkWidth: 32), 200);
        _times.Of(smaller).Should().BeNull("the time of a step depends on the size of the network");
        _times.Guess(smaller)!.Value.WallSeconds.Should().BeApproximately(10, 1e-9);
    }

    [Fact]
    public void Another_kind_is_unknown_and_can_only_be_guessed()
    {
        _times.Guess(new ProbeStage()).Should().BeNull();
        _times.Add(Thousand, new(10, 20));

        _times.Of(new ProbeStage()).Should().BeNull();
        _times.Guess(new ProbeStage())!.Value.WallSeconds.Should().BeApproximately(10.0 * new ProbeStage().Work() / Thousand.Work(), 1e-9);
    }

    [Fact]
    public void Only_the_latest_times_count()
    {
        for (int i = 0; i < 20; i++)
            _times.Add(Thousand, new(i < 11 ? 100 : 1, 1));

        _times.Of(Thousand)!.Value.WallSeconds.Should().Be(1);
        _times.Count.Should().Be(20);
    }
}
