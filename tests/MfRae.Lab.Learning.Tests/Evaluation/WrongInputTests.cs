using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>Each mistake has one message, which names the file and says what would be right.</summary>
[Scoped]
public sealed class WrongInputTests : IDisposable
{
    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public WrongInputTests() => _lab.Array("reference.npz", EvaluationLab.Images(2, 20));

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Fact]
    public void A_damaged_image_among_many_is_named()
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 300));
        File.WriteAllBytes(_lab.At("samples/0211.png"), File.ReadAllBytes(_lab.At("samples/0211.png"))[..60]);

        Refused("samples", "*0211.png*damaged*");
    }

    [Fact]
    public void A_pointer_to_large_file_storage_is_no_image()
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 5));
        File.WriteAllText(_lab.At("samples/0003.png"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n");

        Refused("samples", "*0003.png*Git LFS pointer*git lfs pull*");
    }

    [Fact]
    public void A_pointer_to_large_file_storage_is_no_array()
    {
        File.WriteAllText(_lab.At("samples.npz"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n");

        Refused("samples.npz", "*samples.npz*Git LFS pointer*");
    }

    [Fact]
    public void Images_of_mixed_sizes_are_named()
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 20));
        EvaluationLab.Png(_lab.At("samples/0017.png"), EvaluationLab.Images(1, 1, side: 14)[0]);

        Refused("samples", "*0017.png has 14x14 pixels where *0000.png has 12x12*one size*");
    }

    [Fact]
    public void Coloured_images_are_not_for_a_grey_network()
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 20));
        EvaluationLab.Png(_lab.At("samples/0013.png"), EvaluationLab.Images(1, 1, 3)[0]);

        Refused("samples", "*0013.png has colours*grey*--features*");
    }

    [Fact]
    public void An_empty_folder_is_named()
    {
        Directory.CreateDirectory(_lab.At("samples/inside"));
        File.WriteAllText(_lab.At("samples/inside/readme.txt"), "none");

        Refused("samples", "*samples holds no image (.bmp, .jpeg, .jpg, .png, .webp); passed over*1 .txt*");
    }

    [Fact]
    public void One_image_is_no_distribution()
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 1));

        Refused("samples", "samples holds one image*two*");
    }

    [Fact]
    public void What_is_not_there_is_named() => Refused("nothing", "*nothing*data/references/nothing.npz*fashion-mnist:test*");

    [Fact]
    public void Half_of_an_idx_dataset_must_be_chosen()
    {
        Directory.CreateDirectory(_lab.At("digits"));
        File.WriteAllText(_lab.At("digits/train-images-idx3-ubyte.gz"), "");

        Refused("digits", "*digits:train or digits:test");
    }

    [Theory]
    [InlineData("float32", "*'arr_0' of f32*uint8*N, H, W, C*")]
    [InlineData("channels", "*'arr_0' of u8*C 1 or 3*")]
    [InlineData("rank", "*'arr_0' of u8*N, H, W, C*")]
    [InlineData("labels", "*'arr_1' of i64 [3] for 4 images*")]
    [InlineData("fractions", "*'arr_1' of f32*whole numbers*")]
    [InlineData("names", "*holds no images*'x' of f32*")]
    public void An_array_of_another_type_or_shape_is_described(string mistake, string message)
    {
        var images = zeros([4, 6, 6, 1], dtype: ScalarType.Byte);
        (string, Tensor)[] arrays = mistake switch
        {
            "float32" => [("arr_0", images.to(float32))],
            "channels" => [("arr_0", zeros([4, 6, 6, 2], dtype: ScalarType.Byte))],
            "rank" => [("arr_0", images.flatten(1))],
            "labels" => [("arr_0", images), ("arr_1", zeros(3, dtype: int64))],
            "fractions" => [("arr_0", images), ("arr_1", zeros(4))],
            _ => [("x", zeros(2)), ("y", zeros(2))],
        };
        Npz.Write(_lab.At("samples.npz"), [.. arrays.Select(array => (array.Item1, StoredTensor.Of(array.Item2)))]);

        Refused("samples.npz", message);
    }

    [Theory]
    [InlineData("inception", "*inception are not at data/weights/pt_inception*fetch https*--weights*")]
    [InlineData("dinov2", "*dinov2 are not at data/weights/dinov2_vitl14_pretrain.pth*fetch https*--weights*")]
    [InlineData("own.pt", "*own.pt are not at own.pt*TorchScript*")]
    public void Missing_weights_say_where_they_are_to_be_had(string network, string message)
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 5));

        FluentActions.Invoking(() => _lab.Run(_lab.Request("samples", "reference.npz") with { Features = [EvaluationLab.Choice(network)] }))
            .Should().Throw<LabException>().WithMessage(message);
    }

    [Fact]
    public void A_checkpoint_is_no_script()
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 5));
        File.WriteAllText(_lab.At("own.pt"), "no script");

        FluentActions.Invoking(() => _lab.Run(_lab.Request("samples", "reference.npz") with { Features = [EvaluationLab.Choice("own.pt")] }))
            .Should().Throw<LabException>().WithMessage("*own.pt cannot be loaded as TorchScript*");
    }

    private void Refused(string samples, string message) => FluentActions.Invoking(() => _lab.Run(samples, "reference.npz"))
        .Should().Throw<LabException>().WithMessage(message);
}
