using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

public sealed class SafetensorsTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x.safetensors");
        Safetensors.Write(path,
        [
            ("float", arange(6, dtype: ScalarType.Float32).view(2, 3)), ("bytes", tensor(new byte[] { 1, 2, 255 })),
            ("wide", tensor(new long[] { long.MinValue })), ("double", tensor(Math.PI, dtype: ScalarType.Float64)),
        ], new Dictionary<string, string> { ["type"] = "a \"name\"" });

        var file = Safetensors.Read(path);
        file["float"].shape.Should().Equal(2, 3);
        file["float"].data<float>().ToArray().Should().Equal(0, 1, 2, 3, 4, 5);
        file["bytes"].data<byte>().ToArray().Should().Equal(1, 2, 255);
        file["wide"].item<long>().Should().Be(long.MinValue);
        file["double"].item<double>().Should().Be(Math.PI);
        file.Meta("type").Should().Be("a \"name\"");
    }

    [Fact]
    public void A_file_of_the_reference_implementation_is_read() =>
        Safetensors.Read(Golden.Path("safetensors", "good.safetensors")).Tensors.Should().NotBeEmpty();

    public static TheoryData<string> BrokenFiles() =>
        [.. Directory.EnumerateFiles(Golden.Path("safetensors", ""), "*.safetensors").Select(path => Path.GetFileName(path)).Where(
            name => name != "good.safetensors")];

    [Theory]
    [MemberData(nameof(BrokenFiles))]
    public void A_broken_file_is_named_and_refused(string name) =>
        FluentActions.Invoking(() => Safetensors.Read(Golden.Path("safetensors", name)))
            .Should().Throw<LabException>().WithMessage($"*{name}*");

    [Fact]
    public void A_missing_tensor_is_named()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder.File("x"), [("a", zeros(1))]);
        FluentActions.Invoking(() => Safetensors.Read(folder.File("x"))["b"]).Should().Throw<LabException>().WithMessage("*no tensor 'b'*");
    }
}
