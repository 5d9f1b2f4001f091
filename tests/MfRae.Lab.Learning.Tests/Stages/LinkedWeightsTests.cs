using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Stages;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

[Scoped]
public sealed class LinkedWeightsTests : IDisposable
{
    // More than 64 MiB.
    private const long Large = (64L << 20) + 8;
    private static readonly Dinov2Options Sizes = new(24, 1, 2, 2, ImageSize: 8, PatchSize: 4, RegisterTokens: 1, InputSize: 8);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Large_released_weights_are_linked_and_stay_when_the_user_deletes_the_file()
    {
        Requires.Unix();
        var network = new Dinov2Encoder(Sizes);
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(1, CPU), CPU);
        var released = _folder.File("model.safetensors");
        // The network does not use this tensor.
        Safetensors.Write(released, [.. TorchFile.Tensors(network.Declare(), weights), ("embeddings.mask_token", zeros(Large / 4))]);

        new EncoderRunner(new Dinov2EncoderOptions(released, Sizes), new OneProcess()).Run(new TestStage(_folder.File("encoder")).Context());
        File.Delete(released);

        new FileInfo(_folder.File("encoder/encoder.safetensors")).Length.Should().BeLessThan(10_000);
        Directory.EnumerateFiles(_folder.File("encoder")).Select(path => Path.GetFileName(path))
            .Should().BeEquivalentTo("encoder.safetensors", "encoder.released");
        var (loaded, values) = NetworkFiles.LoadEncoder(_folder.File("encoder/encoder.safetensors"), CPU);
        using var kept = values;
        ((Dinov2Encoder)loaded).Options.Should().Be(Sizes);
        (values.Flat == weights.Flat).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_large_file_of_the_lab_is_one_file_under_two_names()
    {
        Requires.Unix();
        var (source, path) = (_folder.File("source"), _folder.File("path"));
        using (var file = File.Create(source))
            file.SetLength(Large);
        File.WriteAllText(path, "of an attempt that was killed");
        var link = _folder.File("link");
        File.CreateSymbolicLink(link, source);

        LinkedWeights.Put(link, path);

        new FileInfo(path).LinkTarget.Should().BeNull();
        using (var file = File.OpenWrite(source))
            file.WriteByte(7);
        using (var file = File.OpenRead(path))
            file.ReadByte().Should().Be(7);
        File.Delete(source);
        new FileInfo(path).Length.Should().Be(Large);
    }

    [Fact]
    public void A_small_file_is_copied()
    {
        File.WriteAllText(_folder.File("source"), "small");
        LinkedWeights.Put(_folder.File("source"), _folder.File("path"));

        File.WriteAllText(_folder.File("source"), "other");
        File.ReadAllText(_folder.File("path")).Should().Be("small");
        LinkedWeights.TryDescribe(_folder.File("source") + "::ema", _folder.File("network"), new Dictionary<string, string>()).Should().BeFalse();
    }

    [Fact]
    public void A_description_that_names_a_file_elsewhere_is_refused()
    {
        Safetensors.Write(
            _folder.File("network.safetensors"), Array.Empty<(string, StoredTensor)>(), new Dictionary<string, string> { ["weights"] = "../other.pt::ema" });

        FluentActions.Invoking(() => LinkedWeights.Tensors(TensorFile.Open(_folder.File("network.safetensors"))))
            .Should().Throw<LabException>().WithMessage("*network.safetensors names the weights '../other.pt::ema', which is not*");
    }
}
