using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Stages;
using MfRae.Lab.Learning.Tests.Ranks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Several ranks leave the files and the values of one process, whatever their number.</summary>
[Scoped]
public sealed class RankStageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    // Four batches for each of two numbers of steps; only the first one has latents that are kept.
    private static readonly SamplingStage Sampling = TinyLab.Sampling with { BatchSize = 12, KeptLatents = 10 };

    // Three batches of a feature network.
    private const int ManySamples = 120;

    private static readonly (string, string)[] Samples = [("generator", "meanflow1"), ("decoder", "decoder"), ("latents", "latents")];
    private static readonly (string, string)[] Features = [("features", "features"), ("reference.test", "reference.test")];

    public static TheoryData<string> Stages => [.. Definitions.Keys];

    private static Dictionary<string, (StageDefinition Definition, (string, string)[] Inputs)> Definitions => new()
    {
        ["sampling"] = (Sampling, Samples),
        ["small batches"] = (Sampling with { BatchSize = 6 }, Samples),
        ["all latents"] = (Sampling with { KeptLatents = 40, Labels = SamplingOptions.RandomLabels }, Samples),
        ["end points"] = (TinyLab.EndPoints with { Samples = 40, BatchSize = 12 }, [("generator", "teacher")]),
        ["snapshots"] = (new SnapshotStage(3, 2, ManySamples, 7, 30, "balanced", "test"), [.. Samples, .. Features]),
        ["reference"] = (new ReferenceStage("train", KeptFeatures: 17), [("dataset", "dataset"), ("features", "features")]),
        ["evaluation"] = (
            new EvaluationStage([new FidOptions(), new InceptionScoreOptions(), new MemorisationOptions()], ["test", "train"], 10),
            [
                .. Features, ("samples", "many samples"), ("reference.train", "reference.train"), ("dataset", "dataset"),
                ("secondFeatures", "features"), ("secondReference.test", "secondReference.test"),
            ]),
    };

    [Theory]
    [MemberData(nameof(Stages))]
    public void A_stage_has_the_files_and_the_events_of_one_process(string name)
    {
        if (name == "evaluation")
            lab.Sample("many samples", "meanflow1", Sampling with { Samples = ManySamples });
        var (one, alone) = Run(1, name, "one");
        foreach (var count in new[] { 2, 3 })
        {
            var (files, stages) = Run(count, name, FormattableString.Invariant($"ranks{count}"));

            files.Should().Equal(one, "{0} ranks", count);
            Lasting(stages[0]).Should().Equal(Lasting(alone[0]), "{0} ranks", count);
        }
    }

    [Theory]
    [InlineData(2, 3, 24)]
    [InlineData(3, 1, 36)]
    [InlineData(1, 2, 12)]
    public void A_sampling_resumes_with_another_number_of_ranks(int first, int second, int done)
    {
        // Batches of six. A stop is noticed when the next round is complete.
        var folder = FormattableString.Invariant($"{first} then {second}");
        var whole = Run(1, "small batches", "whole").Files;

        var stopped = Run(first, "small batches", folder, stopAfter: 1);
        stopped.Files.Keys.Should().BeEquivalentTo("checkpoint.samples.1.safetensors", "checkpoint.samples.1.json");
        stopped.Stages[0].Events.OfType<CheckpointEvent>().Last().Should().Be(new CheckpointEvent(done));
        var resumed = Run(second, "small batches", folder);

        resumed.Stages[0].Events.OfType<ResumedEvent>().Should().Equal(new ResumedEvent(done));
        resumed.Files.Should().Equal(whole);
    }

    [Fact]
    public void Ranks_continue_after_the_recorded_batches_of_a_killed_process()
    {
        var whole = Run(1, "sampling", "whole").Files;

        FluentActions.Invoking(() => Run(1, "sampling", "killed", dieAfter: 2)).Should().Throw<AggregateException>();

        Run(3, "sampling", "killed").Files.Should().Equal(whole);
    }

    // The events that are results.
    private static List<string> Lasting(TestStage stage) =>
        [.. stage.Events.Where(entry => entry is MeasuredEvent or ImageEvent).Select(entry => entry.ToString()),
            .. stage.Events.OfType<MetricsEvent>().SelectMany(entry => entry.Values.Select(value => $"{entry.Step} {value.Key} {value.Value:R}"))];

    private (Dictionary<string, string> Files, TestStage[] Stages) Run(
        int count, string name, string folder, int stopAfter = int.MaxValue, int dieAfter = int.MaxValue)
    {
        var (definition, inputs) = Definitions[name];
        var path = lab.At($"{name} {folder}");
        var stages = new TestStage[count];
        for (var rank = 0; rank < count; rank++)
        {
            var (own, progress) = (rank, 0);
            stages[rank] = new(path, seed: 3, [.. inputs.Select(input => (input.Item1, lab.At(input.Item2)))])
            {
                CheckpointSeconds = 0,
                Seen = entry =>
                {
                    if (own > 0 || entry is not ProgressEvent)
                        return;
                    progress++;
                    if (progress == stopAfter)
                        stages[own].Stop();
                    if (progress == dieAfter)
                        throw new InvalidOperationException("dies after a round");
                },
            };
        }

        ThreadRanks.Run(count, ranks =>
        {
            try
            {
                StageFactory.Create(definition, ranks).Run(stages[ranks.Rank].Context(definition));
                ranks.Rank.Should().Be(0, "only rank 0 returns");
            }
            catch (RankFinishedException)
            {
                ranks.Rank.Should().BePositive();
            }
            catch (OperationCanceledException)
            {
                stopAfter.Should().BeLessThan(int.MaxValue);
            }
            return 0;
        });
        return (Directory.EnumerateFiles(path).ToDictionary(file => Path.GetFileName(file), FileHash.Of), stages);
    }
}
