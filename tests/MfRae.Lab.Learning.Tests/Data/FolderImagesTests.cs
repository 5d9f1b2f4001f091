using MfRae.Lab.Core;
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
    private readonly List<string> _notices = [];
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
        Folder().Test().Flip.Should().BeFalse("only training mirrors");
    }

    [Fact]
    public void An_index_survives_its_file()
    {
        var index = Index();
        index.Save(_folder.File("index.json"));

        ImageIndex.Load(_folder.File("index.json")).Should().BeEquivalentTo(index);
        File.WriteAllText(_folder.File("index.json"), "{}");
        FluentActions.Invoking(() => ImageIndex.Load(_folder.File("index.json"))).Should().Throw<LabException>().WithMessage("*not an index*");
    }

    [Fact]
    public void A_limit_keeps_images_of_all_classes() =>
        Folder(_options with { TrainLimit = 3 }).Train().Images.Select(image => image.Label).Should().Equal(0, 1, 2);

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
        (images.Bytes(indices) == expected).all().item<bool>().Should().BeTrue("the announced images differ from the requested ones");
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
        FluentActions.Invoking(() => Folder(_options with { Classes = classes }).Train())
            .Should().Throw<LabException>().WithMessage(message);

    [Fact]
    public void A_class_without_images_is_refused()
    {
        foreach (var file in Directory.GetFiles(_folder.File("images/train/dog")))
            File.Move(file, file + ".txt");

        FluentActions.Invoking(Index).Should().Throw<LabException>().WithMessage("*dog holds no image*");
    }

    [Fact]
    public void What_is_no_image_of_a_class_is_passed_over_and_told()
    {
        var expected = Index().Images;
        Directory.CreateDirectory(_folder.File("images/train/.ipynb_checkpoints"));
        foreach (var name in new[] { ".ipynb_checkpoints/0-checkpoint.png", "cat/._0.png", "dog/7.tif", "loose.png" })
            File.WriteAllText(_folder.File("images/train/" + name), "");

        Index().Images.Should().Equal(expected);
        _notices.Should().Equal(
            "images/train: passed over files of formats that are not read: 1 .tif; 2 names that begin with a dot",
            "images/train: skipped images outside the class folders: 1");
    }

    [Fact]
    public void A_link_to_a_folder_above_it_adds_no_images()
    {
        var expected = Index().Images;
        Directory.CreateSymbolicLink(_folder.File("images/train/cat/again"), "..");

        Index().Images.Should().Equal(expected);
        _notices.Should().Equal("images/train: passed over 1 link to a folder that is already read (cat/again)");
    }

    [Fact]
    public void Images_below_a_class_folder_are_of_the_class()
    {
        Directory.CreateDirectory(_folder.File("images/train/cat/more"));
        File.Copy(_folder.File("images/train/dog/0.png"), _folder.File("images/train/cat/more/0.png"));

        Index().Images.Should().Contain(new IndexedImage("cat/more/0.png", 0));
    }

    [Fact]
    public void A_flat_split_whose_classes_a_file_names_is_as_one_with_class_folders()
    {
        var foldered = Folder().Test();
        var lines = new List<string> { "ImageId,PredictionString" };
        var val = _folder.File("images/val");
        foreach (var (path, label) in foldered.Images.Reverse().Select(image => (image.Path, image.Label)))
        {
            var name = path.Replace('/', '_');
            File.Move(Path.Combine(val, path), Path.Combine(val, name));
            lines.Add($"{Path.GetFileNameWithoutExtension(name)},{foldered.Classes[label]} 1 2 3 4 ");
        }

        foreach (var name in foldered.Classes)
            Directory.Delete(Path.Combine(val, name));
        FluentActions.Invoking(() => Folder().Test()).Should().Throw<LabException>().WithMessage("*a file with their classes is missing*LOC_val_solution.csv*");

        File.WriteAllLines(_folder.File("images/LOC_val_solution.csv"), lines);
        var flat = Folder().Test();
        flat.Classes.Should().Equal(foldered.Classes);
        flat.Images.Should().Equal(foldered.Images.Select(image => image with { Path = image.Path.Replace('/', '_') }));

        _notices.Should().BeEmpty();
        File.Move(_folder.File("images/LOC_val_solution.csv"), _folder.File("images/val/LOC_val_solution.csv"));
        Folder().Test().Images.Should().Equal(flat.Images);
        _notices.Should().BeEmpty("the file is read");

        File.Move(_folder.File("images/val/LOC_val_solution.csv"), _folder.File("images/LOC_val_solution.csv"));
        File.AppendAllText(_folder.File("images/LOC_val_solution.csv"), "other,bird\n");
        File.WriteAllText(_folder.File("images/val/other.png"), "");
        FluentActions.Invoking(() => Folder().Test()).Should().Throw<LabException>().WithMessage("*other.png the class 'bird'*train*cat, dog, fish*");
    }

    private ImageFolder Folder(ImageFolderDatasetOptions? options = null) => new(options ?? _options, _folder.File("images"), _notices.Add);

    private ImageIndex Index() => Folder().Train();

    private FolderImages Open(int threads) => new(Index(), _folder.File("images/train"), threads);

    private Tensor Alone(int i)
    {
        var path = Path.Combine(_folder.File("images/train"), Index().Images[i].Path);
        var crop = RgbImage.Decode(path).Crop(TinyImages.Side);
        return tensor(crop.Values, [crop.Height, crop.Width, 3], dtype: uint8).permute(2, 0, 1);
    }
}
