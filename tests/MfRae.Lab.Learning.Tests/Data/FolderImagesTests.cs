using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class FolderImagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly ImageFolderDatasetOptions _options = new("images", TinyImages.Side, TinyImages.Classes, Flip: true);

    public FolderImagesTests() => TinyImages.Write(_folder.File("images"));

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Images_are_numbered_by_class_and_name()
    {
        var index = Index();

        index.Classes.Should().Equal("cat", "dog", "fish");
        index.Images.Select(image => image.Label).Should().BeInAscendingOrder().And.HaveCount(TinyImages.Classes * TinyImages.Train);
        index.Images[0].Should().Be(new IndexedImage("cat/0.png", 0));
        index.Flip.Should().BeTrue();
        ImageFolder.Test(_options, _folder.File("images")).Flip.Should().BeFalse("only training mirrors");
    }

    [Fact]
    public void An_index_survives_its_file()
    {
        var index = Index();
        index.Save(_folder.File("index.json"));

        ImageIndex.Load(_folder.File("index.json")).Should().BeEquivalentTo(index);
        File.WriteAllText(_folder.File("index.json"), "{}");
        FluentActions.Invoking(() => ImageIndex.Load(_folder.File("index.json"))).Should().Throw<LabException>().WithMessage("*no index*");
    }

    [Fact]
    public void A_limit_keeps_images_of_all_classes() =>
        ImageFolder.Train(_options with { TrainLimit = 3 }, _folder.File("images")).Images.Select(image => image.Label).Should().Equal(0, 1, 2);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Batches_come_in_the_order_asked_for_however_they_were_decoded(int threads)
    {
        using var images = Open(threads);
        var indices = tensor(new[] { 5L, 0, 7, 2 });
        var expected = stack([.. indices.data<long>().ToArray().Select(i => Alone((int)i))]);

        (images.Bytes(indices) == expected).all().item<bool>().Should().BeTrue();
        images.Prepare(indices);
        (images.Bytes(indices) == expected).all().item<bool>().Should().BeTrue("ahead or not");
        images.Prepare(tensor(new[] { 1L }));
        (images.Bytes(indices) == expected).all().item<bool>().Should().BeTrue("what was announced is not what is asked for");
        images.Shape.Should().Be(new ImageShape(3, TinyImages.Side, TinyImages.Side));
    }

    [Fact]
    public void A_damaged_image_fails_the_batch_that_it_is_in_and_no_other()
    {
        using var images = Open(2);
        var path = _folder.File("images/train/cat/1.jpg");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..200]);

        images.Prepare(tensor(new[] { 0L, 1 }));
        images.Bytes(tensor(new[] { 2L, 3 })).shape[0].Should().Be(2);
        FluentActions.Invoking(() => images.Bytes(tensor(new[] { 0L, 1 }))).Should().Throw<LabException>().WithMessage("*cat/1.jpg*");
    }

    [Fact]
    public void Training_mirrors_about_half_of_the_images_as_a_function_of_the_step()
    {
        using var images = Open(2);
        using var batches = new ImageBatches(images, 6, new RandomSource(1, CPU));
        var plain = new BatchOrder(images.Count, 6, new RandomSource(1, CPU));
        var mirrored = 0;
        for (var step = 0; step < 4; step++)
        {
            var (pixels, labels) = batches.Draw(step, CPU);
            var indices = plain.Indices(step);
            var original = images.Pixels(indices, CPU);
            (labels == images.Labels.index_select(0, indices)).all().item<bool>().Should().BeTrue();
            for (var i = 0; i < 6; i++)
            {
                var same = (pixels[i] == original[i]).all().item<bool>();
                (same || (pixels[i] == original[i].flip(2)).all().item<bool>()).Should().BeTrue();
                mirrored += same ? 0 : 1;
            }

            (batches.Draw(step, CPU).Pixels == pixels).all().item<bool>().Should().BeTrue();
        }

        mirrored.Should().BeInRange(6, 18, "of 24");
    }

    [Theory]
    [InlineData(4, "*holds 3 class folders where the options say 4*")]
    public void A_folder_with_other_classes_is_refused(int classes, string message) =>
        FluentActions.Invoking(() => ImageFolder.Train(_options with { Classes = classes }, _folder.File("images")))
            .Should().Throw<LabException>().WithMessage(message);

    [Fact]
    public void A_class_without_images_is_refused()
    {
        foreach (var file in Directory.GetFiles(_folder.File("images/train/dog")))
            File.Move(file, file + ".txt");

        FluentActions.Invoking(Index).Should().Throw<LabException>().WithMessage("*dog holds no image*");
    }

    private ImageIndex Index() => ImageFolder.Train(_options, _folder.File("images"));

    private FolderImages Open(int threads) => new(Index(), _folder.File("images/train"), threads);

    private Tensor Alone(int i)
    {
        var path = Path.Combine(_folder.File("images/train"), Index().Images[i].Path);
        var crop = CentreCrop.Apply(ImageDecoder.Decode(path), TinyImages.Side);
        return tensor(crop.Values, [crop.Height, crop.Width, 3], dtype: uint8).permute(2, 0, 1);
    }
}
