using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

/// <summary>Files as other programs write them: a value that nobody asks for does not close the file.</summary>
[Scoped]
public sealed class CaseFileTests
{
    [Theory]
    [InlineData("pt-bytes.pt", "other")]
    [InlineData("pt-device.pt", "other")]
    [InlineData("pt-dtype.pt", "other")]
    [InlineData("pt-namespace.pt", "other")]
    [InlineData("pt-npscalar.pt", "other")]
    [InlineData("pt-set.pt", "other")]
    [InlineData("pt-tuplekey.pt", "other")]
    public void The_weights_beside_another_value_are_read(string name, string unread)
    {
        var file = TensorFile.Open(Golden.Path("cases", name));

        file.Tensors.Keys.Should().Equal("model.w");
        file["model.w"].shape.Should().Equal(2, 3);
        file.Unread.Keys.Should().Equal(unread);
        TensorFile.Open(Golden.Path("cases", name) + "::model")["w"].contiguous().data<float>().ToArray()
            .Should().Equal(file["model.w"].contiguous().data<float>().ToArray());
        FluentActions.Invoking(() => file[unread]).Should().Throw<LabException>().WithMessage($"*{name}*'other'*");
    }

    [Theory]
    [InlineData("extra-text.npz", "note")]
    [InlineData("extra-uint32.npz", "seed")]
    [InlineData("extra-object.npz", "config")]
    public void The_images_beside_another_array_are_read(string name, string unread)
    {
        var file = TensorFile.Open(Golden.Path("cases", name));

        file["arr_0"].dtype.Should().Be(ScalarType.Byte);
        file.Unread.Keys.Should().Equal(unread);
    }

    [Theory]
    [InlineData("keys-reordered.npy")]
    [InlineData("double-quotes.npy")]
    public void The_header_of_an_array_may_be_written_in_any_way(string name)
    {
        var array = TensorFile.Open(Golden.Path("cases", name))["arr_0"];

        array.shape.Should().Equal(2, 3);
        array.contiguous().data<float>().ToArray().Should().Equal(0, 1, 2, 3, 4, 5);
    }

    [Fact]
    public void Metadata_may_be_null() => TensorFile.Open(Golden.Path("cases", "metadata-null.safetensors"))["w"]
        .contiguous().data<float>().ToArray().Should().Equal(0, 1, 2, 3, 4, 5);
}
