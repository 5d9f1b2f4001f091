using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class ImageTreeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folders_of_the_first_level_are_classes_whatever_is_below()
    {
        Touch("b/1.png", "a/deep/2.JPG", "a/0.jpeg", "notes.txt");

        var tree = ImageTree.Scan(_folder.Root);

        tree.Paths.Should().Equal("a/0.jpeg", "a/deep/2.JPG", "b/1.png");
        tree.Classes.Should().Equal("a", "b");
        tree.Labels.Should().Equal(0, 0, 1);
    }

    [Fact]
    public void Classes_are_in_ordinal_order_whatever_their_names_are()
    {
        Touch("10/a.png", "9/a.png", "0/a.png");

        var tree = ImageTree.Scan(_folder.Root);

        tree.Classes.Should().Equal("0", "10", "9");
        tree.Paths.Zip(tree.Labels!).Should().Equal(("0/a.png", 0L), ("10/a.png", 1L), ("9/a.png", 2L));
    }

    [Fact]
    public void A_folder_that_begins_with_a_dot_is_no_class()
    {
        Touch("a/0.png", "b/0.png", ".ipynb_checkpoints/0-checkpoint.png");

        var tree = ImageTree.Scan(_folder.Root);

        tree.Classes.Should().Equal("a", "b");
        tree.PassedOver.Hidden.Should().Be(1);
    }

    [Fact]
    public void One_image_beside_the_folders_means_that_there_are_no_classes()
    {
        Touch("a/0.png", "b/0.png", "loose.png");

        ImageTree.Scan(_folder.Root).Should().Match<ImageTree>(tree => tree.Classes == null && tree.Labels == null && tree.Paths.Count == 3);
    }

    [Fact]
    public void One_folder_around_everything_is_no_class()
    {
        Touch("images/0.png", "images/1.png");

        ImageTree.Scan(_folder.Root).Classes.Should().BeNull();
    }

    private void Touch(params string[] names)
    {
        foreach (var name in names)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllBytes(_folder.File(name), []);
        }
    }
}
