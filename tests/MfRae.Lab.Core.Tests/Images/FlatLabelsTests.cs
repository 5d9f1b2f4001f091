using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tests.Experiments;

namespace MfRae.Lab.Core.Tests.Images;

/// <summary>A validation set as ImageNet is published: images in a flat folder, and a file with their classes.</summary>
public sealed class FlatLabelsTests : IDisposable
{
    private const string Images = """ "base": { "dataset": { "kind": "imageFolder", "path": "data/images", "classes": 2 } } """;
    private const string Kaggle = """
        ImageId,PredictionString
        ILSVRC2012_val_00000002,n01751748 111 108 331 499 
        ILSVRC2012_val_00000001,n01440764 85 1 499 272 n01440764 1 2 3 4 
        """;

    private readonly Workspace _work = new();

    public FlatLabelsTests()
    {
        _work.Write("data/images/train/n01440764/n01440764_10026.JPEG", "");
        _work.Write("data/images/train/n01751748/n01751748_2.JPEG", "");
        _work.Write("data/images/val/ILSVRC2012_val_00000001.JPEG", "");
        _work.Write("data/images/val/ILSVRC2012_val_00000002.JPEG", "");
    }

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("data/images/LOC_val_solution.csv", Kaggle)]
    [InlineData("data/images/val/LOC_val_solution.csv", Kaggle)]
    [InlineData("data/images/val.txt", "ILSVRC2012_val_00000001.JPEG n01440764\nILSVRC2012_val_00000002.JPEG n01751748\n")]
    [InlineData("data/images/val/val.txt", "val/ILSVRC2012_val_00000001.JPEG\tn01440764\r\n\nval/ILSVRC2012_val_00000002.JPEG n01751748")]
    [InlineData("data/images/val.csv", "ILSVRC2012_val_00000001.JPEG,n01440764\nILSVRC2012_val_00000002.JPEG,n01751748\n")]
    public void A_file_in_the_folder_or_next_to_it_names_the_class_of_each_image(string path, string content)
    {
        _work.Write(path, content);

        var labels = FlatLabels.Of(Full("data/images/val"));

        labels.Classes.Should().Equal("n01440764", "n01751748");
        labels.ClassOf("ILSVRC2012_val_00000001.JPEG").Should().Be("n01440764");
        labels.ClassOf("ILSVRC2012_val_00000002.JPEG").Should().Be("n01751748");
        FluentActions.Invoking(() => labels.ClassOf("ILSVRC2012_val_00000003.JPEG"))
            .Should().Throw<LabException>().WithMessage("*no class for the image ILSVRC2012_val_00000003.JPEG*");
        _work.Valid(Images);
    }

    [Fact]
    public void Without_such_a_file_a_remedy_is_reported_before_anything_runs()
    {
        var found = _work.Mistake(Images);

        found.Path.Should().Be("$.base.dataset.path");
        found.Message.Should().Be("data/images/val contains images without class folders");
        found.Suggestion.Should().ContainAll("LOC_val_solution.csv", "val.txt", "`FILE CLASS`", "valprep.sh");
    }

    [Theory]
    [InlineData("490\n361\n", "*val.txt:1 is a number without a file name*meta.mat*LOC_val_solution.csv*")]
    [InlineData("a.JPEG n1\nb.JPEG\n", "*val.txt:2 is not `FILE CLASS`: b.JPEG")]
    [InlineData("a.JPEG n1\na.JPEG n2\n", "*val.txt:2 gives a.JPEG two classes: n1 and n2*")]
    [InlineData("\n", "*val.txt is empty*")]
    public void A_file_in_another_format_is_reported(string content, string message)
    {
        _work.Write("data/images/val.txt", content);

        FluentActions.Invoking(() => FlatLabels.Of(Full("data/images/val"))).Should().Throw<LabException>().WithMessage(message);
        _work.Mistake(Images).Message.Should().Match(message);
    }

    [Fact]
    public void More_classes_than_the_options_say_are_a_mistake()
    {
        _work.Write("data/images/val.txt", "ILSVRC2012_val_00000001.JPEG a\nILSVRC2012_val_00000002.JPEG b\nx.JPEG c\n");

        _work.Mistake(Images).Message.Should().Contain("data/images/val has 3 classes, but `classes` is 2");
    }

    [Fact]
    public void The_classes_are_part_of_the_hash_of_the_folder()
    {
        _work.Write("data/images/val.txt", "ILSVRC2012_val_00000001.JPEG n01440764\nILSVRC2012_val_00000002.JPEG n01751748\n");
        var first = FileHash.In(_work.Root)("data/images/val");

        _work.Write("data/images/val.txt", "ILSVRC2012_val_00000001.JPEG n01751748\nILSVRC2012_val_00000002.JPEG n01440764\n");
        FileHash.In(_work.Root)("data/images/val").Should().NotBe(first);
        FileHash.In(_work.Root)("data/images/train/n01440764").Should().Be(FileHash.In(_work.Root)("data/images/train/n01440764"));
    }

    private string Full(string path) => Path.Combine(_work.Root, path);
}
