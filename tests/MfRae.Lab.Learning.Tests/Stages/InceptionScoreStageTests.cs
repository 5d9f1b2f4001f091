using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>The Inception score of an evaluation stage, of the same samples in several orders.</summary>
[Scoped]
public sealed class InceptionScoreStageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Fact]
    public void The_default_form_gives_one_score_for_every_order_of_the_samples()
    {
        var options = new InceptionScoreOptions(Splits: 4);
        var drawn = Score("drawn", labels => labels.argsort(), options);
        var other = Score("other", labels => arange(labels.shape[0], dtype: int64).flip(0), options);

        // Class scores are float32, and kernels differ with the place of an image in its batch.
        other.Value.Should().BeApproximately(drawn.Value, 1e-2 * (drawn.Value - 1));
        drawn.Notices.Should().BeEmpty();
    }

    [Fact]
    public void Forms_that_keep_the_order_tell_of_samples_that_are_sorted_by_class()
    {
        var options = new InceptionScoreOptions(4, InceptionScoreOptions.Consecutive);

        Score("sorted", labels => labels.argsort(), options).Notices.Should().ContainSingle().Which.Should().Contain("sorted by class");
        Score("round", labels => arange(labels.shape[0], dtype: int64), options).Notices.Should().BeEmpty();
    }

    private (double Value, IEnumerable<string> Notices) Score(string name, Func<Tensor, Tensor> order, InceptionScoreOptions options)
    {
        var samples = Safetensors.Read(lab.At("samples1/samples.1.safetensors"));
        var rows = order(samples["labels"]);
        Directory.CreateDirectory(lab.At(name));
        Safetensors.Write(
            lab.At($"{name}/samples.1.safetensors"),
            [("images", samples["images"].index_select(0, rows)), ("labels", samples["labels"].index_select(0, rows)), ("latents", samples["latents"])],
            new Dictionary<string, string>
            {
                [SamplingRunner.GuidanceEntry] = "1",
                [SamplingRunner.LabelsEntry] = samples.Meta(SamplingRunner.LabelsEntry),
            });
        lab.Run($"score of {name}", new EvaluationStage([options], [], 0), [("samples", name), ("features", "features")]);
        var stage = lab.Stage($"score of {name}");
        return (stage.Measurements.Single().Value!.Value, stage.Events.OfType<NoticeEvent>().Select(notice => notice.Text));
    }
}
