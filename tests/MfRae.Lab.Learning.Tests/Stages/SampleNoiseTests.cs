using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>The noise and labels of samples.</summary>
[Scoped]
public sealed class SampleNoiseTests(TinyLab lab) : IClassFixture<TinyLab>
{
    private const int Batch = 25;

    private static readonly LatentShape Shape = new(2, 3, 3);

    // A mean flow of velocity 0 ends where it starts, so the samples are the noise.
    private static readonly FewStepGenerator Identity = FewStepGenerator.MeanFlow((z, _, _, _) => z * 0, TimeShift.For(Shape));

    [Fact]
    public void Without_a_fixed_seed_the_noise_follows_the_seed_of_the_stage()
    {
        lab.Sample("noise of the run", "meanflow1", TinyLab.Sampling with { Seed = null, Steps = [1] });
        lab.Sample("noise of seed 3", "meanflow1", TinyLab.Sampling with { Seed = 3, Steps = [1] });

        Read("noise of the run/samples.1.safetensors", "images").equal(Read("noise of seed 3/samples.1.safetensors", "images")).all()
            .item<bool>().Should().BeTrue("the stages of the tiny lab have the seed 3");
        Read("noise of the run/samples.1.safetensors", "latents").equal(Read("samples1/samples.1.safetensors", "latents")).any()
            .item<bool>().Should().BeFalse("those are samples of seed 7");
    }

    [Fact]
    public void Each_set_has_separate_noise_and_labels()
    {
        Latents(set: 1).equal(Latents(set: 2)).any().item<bool>().Should().BeFalse();
        Noise(set: 1, "random").Labels(40, 10).equal(Noise(set: 2, "random").Labels(40, 10)).all().item<bool>().Should().BeFalse();
        Noise(set: 2, "balanced").Labels(12, 10).data<long>().Should().Equal(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1);
    }

    [Fact]
    public void Fewer_samples_are_the_first_of_more_samples()
    {
        Latents(count: 32).equal(Latents(count: 40).slice(0, 0, 32, 1)).all().item<bool>().Should().BeTrue();
        Noise(set: 1, "random").Labels(32, 10).equal(Noise(set: 1, "random").Labels(40, 10).slice(0, 0, 32, 1)).all()
            .item<bool>().Should().BeTrue();
    }

    [Fact]
    public void The_end_points_are_the_latents_of_the_teachers_samples_with_the_most_steps()
    {
        // A batch of 10 instead of 25 samples: kernels may add in another order.
        (Read("endPoints/endPoints.safetensors", "latents") - Read("teacherSamples/samples.2.safetensors", "latents")).abs().max()
            .item<float>().Should().BeLessThan(1e-4f);
    }

    [Fact]
    public void Written_noise_gives_the_same_samples()
    {
        var file = lab.At("noise.safetensors");
        SamplingNoise.Write(TinyLab.Sampling, null, lab.At("samples1"), null, file).Should().Be(40);
        SamplingNoise.Write(TinyLab.Sampling, null, lab.At("samples1"), 30, lab.At("thirty.safetensors")).Should().Be(30);

        lab.Sample("samples of a file", "meanflow1", TinyLab.Sampling with { Seed = 0, Labels = "file", NoiseFile = file });
        foreach (var name in new[] { "samples.1.safetensors", "samples.2.safetensors" })
        {
            foreach (var tensor in new[] { "images", "labels", "latents" })
                Read($"samples of a file/{name}", tensor).equal(Read($"samples1/{name}", tensor)).all().item<bool>().Should().BeTrue();
        }

        var few = () => lab.Sample("too many", "meanflow1", TinyLab.Sampling with { Labels = "file", NoiseFile = lab.At("thirty.safetensors") });
        few.Should().Throw<LabException>().WithMessage("*has 30 labels, but 40 samples are needed");
        Safetensors.Write(lab.At("other.safetensors"), [("noise", zeros(40, 2, 3, 3)), ("labels", zeros(40, dtype: int64))]);
        var other = () => lab.Sample("other shape", "meanflow1", TinyLab.Sampling with { Labels = "file", NoiseFile = lab.At("other.safetensors") });
        other.Should().Throw<LabException>().WithMessage("*has noise of shape [2, 3, 3]*");
        Safetensors.Write(lab.At("classes.safetensors"), [("noise", zeros(40, 2, 3, 3)), ("labels", full(40, 99, dtype: int64))]);
        var classes = () => lab.Sample("classes", "meanflow1", TinyLab.Sampling with { Labels = "file", NoiseFile = lab.At("classes.safetensors") });
        classes.Should().Throw<LabException>().WithMessage("*has labels from 99 to 99*");
    }

    [Fact]
    public void Truncated_bytes_are_at_most_one_below_rounded_bytes()
    {
        lab.Sample("truncated", "meanflow1", TinyLab.Sampling with { Bytes = "truncate" });
        var lower = Read("samples1/samples.1.safetensors", "images").to(int64) - Read("truncated/samples.1.safetensors", "images").to(int64);

        lower.min().item<long>().Should().Be(0);
        lower.max().item<long>().Should().Be(1);
        Read("truncated/samples.1.safetensors", "latents").equal(Read("samples1/samples.1.safetensors", "latents")).all().item<bool>().Should().BeTrue();
        var pixels = tensor(new[] { -1.1f, -1f, 0f, 0.999f, 1f, 1.1f });
        LabeledImages.ToBytes(pixels).data<byte>().Should().Equal(0, 0, 128, 255, 255, 255);
        LabeledImages.ToBytes(pixels, truncated: true).data<byte>().Should().Equal(0, 0, 127, 254, 255, 255);
    }

    [Fact]
    public void A_sheet_of_classes_shows_their_first_samples()
    {
        lab.Run("sheets", new SheetStage([new([2, 0], 6), new([1]), new([99])]), [("samples", "samples1")]);

        var stage = lab.Stage("sheets");
        stage.Events.OfType<ImageEvent>().Select(image => image.Name).Should().Equal(
            "classes 2, 0, 1 step", "class 1, 1 step", "classes 2, 0, 2 steps", "class 1, 2 steps");
        stage.Events.OfType<ImageEvent>().Select(image => image.Caption).First().Should().Be("6 samples of the classes 2, 0 in 1 network evaluation");
        stage.Events.OfType<NoticeEvent>().Should().HaveCount(2).And.OnlyContain(notice => notice.Text.Contains("no sample of class 99"));
        SheetRunner.Rows(tensor(new long[] { 2, 7, 7, 2, 7, 0 }), new([7, 2], 4)).data<long>().Should().Equal(1, 2, 0, 3);
        SheetRunner.Rows(tensor(new long[] { 2, 7, 7, 2, 7, 0 }), new([7], 64)).data<long>().Should().Equal(1, 2, 4);
    }

    [Fact]
    public void Permuted_labels_have_as_many_of_each_class()
    {
        var labels = Noise(set: 1, "permuted").Labels(30, 10);

        labels.bincount(null).data<long>().Should().AllBeEquivalentTo(3L);
        labels.data<long>().Should().NotBeInAscendingOrder();
        Noise(set: 2, "permuted").Labels(30, 10).equal(labels).all().item<bool>().Should().BeFalse();
    }

    private static SampleNoise Noise(int set, string protocol) => new(5, set, Batch, protocol, CPU);

    private static Tensor Latents(int set = 1, int count = 40)
    {
        var noise = Noise(set, "balanced");
        var labels = noise.Labels(count, 10);
        return cat([.. new[] { (0, Batch), (Batch, count) }.Select(range =>
            noise.Latents(Identity, Shape, labels, arange(range.Item1, range.Item2, dtype: int64), 1))]);
    }

    private Tensor Read(string file, string tensor) => Safetensors.Read(lab.At(file))[tensor];
}
