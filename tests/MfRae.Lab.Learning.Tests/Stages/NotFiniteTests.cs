using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>NaN and infinite values: refused in input files, and a divergence in computed values.</summary>
[Scoped]
public sealed class NotFiniteTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_pretrained_decoder_with_one_value_that_is_not_finite_is_refused_by_name(double value) =>
        Refuses(
            new DecoderStage(new PretrainedDecoderOptions(Spoilt("decoder/decoder", "decoder", value))),
            $"decoder.spoilt.safetensors*'{First("decoder/decoder")}'");

    [Fact]
    public void A_value_that_becomes_infinite_in_the_type_of_the_network_is_refused()
    {
        var name = First("decoder/decoder");
        var file = Changed("decoder/decoder", "wide", value => value.to(float64).fill_(1e300), name);

        Refuses(new DecoderStage(new PretrainedDecoderOptions(file)), $"wide.spoilt.safetensors*'{name}'");
    }

    [Fact]
    public void Every_kind_of_pretrained_network_is_refused_by_name()
    {
        Refuses(new TeacherStage(new PretrainedTeacherOptions(Spoilt("teacher/network", "teacher"))), "teacher.spoilt");
        Refuses(new EncoderStage(new PretrainedEncoderOptions(Spoilt("encoder/encoder", "encoder"))), "encoder.spoilt");
        Refuses(new FeatureStage(new PretrainedFeatureOptions(Spoilt("features/features", "features"))), "features.spoilt");
    }

    [Theory]
    [InlineData("mean", double.NaN, "NaN or infinite values in 'mean'")]
    [InlineData("variance", double.PositiveInfinity, "NaN or infinite values in 'variance'")]
    [InlineData("variance", -1, "negative values in 'variance'")]
    public void Pretrained_statistics_of_latents_are_refused_by_name(string name, double value, string message)
    {
        var file = Changed("latents/statistics", "statistics", given => Spoil(given, value), name);

        FluentActions.Invoking(() => lab.Run(
                "refused", new LatentStage(new PretrainedLatentOptions(file)), "dataset", "encoder"))
            .Should().Throw<LabException>().WithMessage($"*statistics.spoilt.safetensors*{message}*");
    }

    [Fact]
    public void Samples_that_are_not_finite_are_a_divergence()
    {
        Overflow("teacher/network", "overflowing teacher/network");

        Diverges(() => lab.Run("samples of it", TinyLab.Sampling,
            [("generator", "overflowing teacher"), ("decoder", "decoder"), ("latents", "latents")]), "the latents sampled in 1 step contain*");
    }

    [Fact]
    public void Images_that_are_not_finite_are_a_divergence()
    {
        Overflow("decoder/decoder", "overflowing decoder/decoder");

        Diverges(() => lab.Run("samples of it", TinyLab.Sampling,
            [("generator", "meanflow1"), ("decoder", "overflowing decoder"), ("latents", "latents")]), "the decoded images contain*");
        Diverges(() => lab.Run("rebuilt by it", new ReconstructionStage([new FidOptions()], 10),
            [
                ("dataset", "dataset"), ("encoder", "encoder"), ("decoder", "overflowing decoder"), ("features", "features"),
                ("reference.test", "reference.test"),
            ]), "the decoded images contain*");
    }

    [Fact]
    public void Snapshots_that_are_not_finite_are_a_divergence()
    {
        foreach (var file in new[] { "network", "snapshot.0", "snapshot.1" })
            Overflow($"meanflow1/{file}", $"overflowing generator/{file}");

        Diverges(() => lab.Run("snapshots of it", new SnapshotStage(3, 2, 40, 7, 25, "balanced", "test"),
            [
                ("generator", "overflowing generator"), ("decoder", "decoder"), ("latents", "latents"), ("features", "features"),
                ("reference.test", "reference.test"),
            ]), "the latents sampled in 1 step contain*");
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("disk")]
    [InlineData("none")]
    public void Latents_that_are_not_finite_are_a_divergence(string cache)
    {
        Overflow("encoder/encoder", "overflowing encoder/encoder");

        Diverges(() => lab.Run("latents of it", new LatentStage(new PerElementLatentOptions(Cache: cache)),
            [("dataset", "dataset"), ("encoder", "overflowing encoder")]), "the latents of images contain*");
        Diverges(() => lab.Run("probe of it", new ProbeStage(), [("dataset", "dataset"), ("encoder", "overflowing encoder")]),
            "the latents of images contain*");
    }

    [Fact]
    public void Features_that_are_not_finite_are_a_divergence()
    {
        Overflow("features/features", "overflowing features/features");

        Diverges(() => lab.Run("reference of it", new ReferenceStage("test"), [("dataset", "dataset"), ("features", "overflowing features")]),
            "the features of images contain*");
    }

    // A copy of a file of weights in which the first value of the first tensor is another one.
    private string Spoilt(string file, string name, double value = double.NaN) =>
        Changed(file, name, given => Spoil(given, value), First(file));

    private static Tensor Spoil(Tensor given, double value)
    {
        var copy = given.clone();
        copy.view(-1)[0] = tensor((float)value);
        return copy;
    }

    // Weights that are finite and lead to products that are not.
    private void Overflow(string file, string target)
    {
        var from = Safetensors.Read(lab.At($"{file}.safetensors"));
        Directory.CreateDirectory(Path.GetDirectoryName(lab.At(target))!);
        Safetensors.Write(lab.At($"{target}.safetensors"),
            [.. from.Tensors.Select(entry => (entry.Key, entry.Value.Read().sign().mul_(1e36f).add_(1e30f)))], from.Metadata);
    }

    private string First(string file) => Safetensors.Read(lab.At($"{file}.safetensors")).Tensors.Keys.First();

    private string Changed(string file, string name, Func<Tensor, Tensor> change, string tensor)
    {
        var from = Safetensors.Read(lab.At($"{file}.safetensors"));
        var path = lab.At($"{name}.spoilt.safetensors");
        Safetensors.Write(path,
            [.. from.Tensors.Select(entry => (entry.Key, entry.Key == tensor ? change(entry.Value.Read()) : entry.Value.Read()))], from.Metadata);
        return path;
    }

    private void Refuses(StageDefinition definition, string name) => FluentActions.Invoking(() => lab.Run("refused", definition))
        .Should().Throw<LabException>().WithMessage($"*{name}*").WithMessage("*NaN or infinite values*");

    private static void Diverges(Action run, string message) =>
        run.Should().Throw<DivergedException>().WithMessage(message);
}
