using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Sockets;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Images;

public sealed class ImageFilesTests : IDisposable
{
    private readonly TemporaryFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Images_of_any_depth_come_in_ordinal_order_and_folders_in_the_order_of_torchvision()
    {
        Touch("2/a.png", "10/b.JPG", "0/deep/c.jpeg", "1/d.webp", "11/e.bmp", "B/f.png", "a/g.png");

        var found = ImageFiles.Below(_temp.Root);

        found.Files.Select(file => file.Path).Should().Equal(
            "0/deep/c.jpeg", "1/d.webp", "10/b.JPG", "11/e.bmp", "2/a.png", "B/f.png", "a/g.png");
        found.Folders.Should().Equal("0", "1", "10", "11", "2", "B", "a");
        ImageFiles.ClassFolders(_temp.Root).Should().Equal(found.Folders);
        found.PassedOver.IsEmpty.Should().BeTrue();
        found.PassedOver.Describe().Should().BeNull();
    }

    [Fact]
    public void Names_that_begin_with_a_dot_are_skipped_and_counted()
    {
        Touch("a/0.png", "a/._0.png", ".ipynb_checkpoints/0-checkpoint.png", ".DS_Store", "__MACOSX/._a");

        var found = ImageFiles.Below(_temp.Root);

        found.Files.Select(file => file.Path).Should().Equal("a/0.png");
        found.Folders.Should().Equal("__MACOSX", "a");
        found.PassedOver.Hidden.Should().Be(4, "a folder counts once");
        found.PassedOver.Describe().Should().Be("passed over 4 names that begin with a dot");
    }

    [Fact]
    public void Files_of_other_formats_are_counted_by_extension()
    {
        Touch("0.png", "1.tif", "2.TIF", "labels.csv", "README");

        ImageFiles.Below(_temp.Root).PassedOver.Describe()
            .Should().Be("passed over files of formats that are not read: 1 .csv, 2 .tif, 1 no extension");
    }

    [Fact]
    public void Each_real_folder_is_read_once_however_many_links_lead_to_it()
    {
        using (var archive = new GZipStream(File.OpenRead(Repository.File("tests/Golden/cases/loop.tar.gz")), CompressionMode.Decompress))
            TarFile.ExtractToDirectory(archive, _temp.Root, overwriteFiles: false);
        var loop = Path.Combine(_temp.Root, "loop");
        File.CreateSymbolicLink(Path.Combine(loop, "twice"), ".");

        var found = ImageFiles.Below(loop);

        found.Files.Select(file => file.Path).Should().Equal("0.png", "1.png");
        found.Folders.Should().BeEmpty();
        found.PassedOver.Repeated.Should().Equal("again", "twice");
        found.PassedOver.Describe().Should().Be("passed over 2 links to a folder that is already read (again, …)");
    }

    [Fact]
    public void A_folder_keeps_its_path_even_if_a_link_to_it_is_seen_first()
    {
        Requires.Unix();
        Touch("z/0.png", "m/1.png");
        Link("a", "z");
        Link("m/deep", "../z");
        Link("y", "x");
        Link("x", "../elsewhere");
        Directory.CreateDirectory(Path.Combine(_temp.Root, "root"));
        // Two levels, so that one link leads out of the folder that is read.
        foreach (var entry in new[] { "z", "m" })
            Directory.Move(Path.Combine(_temp.Root, entry), Path.Combine(_temp.Root, "root", entry));
        foreach (var entry in new[] { "a", "y", "x" })
            File.Move(Path.Combine(_temp.Root, entry), Path.Combine(_temp.Root, "root", entry));
        Touch("elsewhere/2.png");

        var found = ImageFiles.Below(Path.Combine(_temp.Root, "root"));

        found.Files.Select(file => file.Path).Should().Equal("m/1.png", "x/2.png", "z/0.png");
        found.Folders.Should().Equal("m", "x", "z");
        found.PassedOver.Repeated.Should().Equal("a", "m/deep", "y");
    }

    [Fact]
    public void Links_to_files_are_read_and_a_broken_link_to_an_image_is_reported()
    {
        Requires.Unix();
        Touch("real.png");
        Link("linked.png", "real.png");
        Link("note", "nowhere");

        var found = ImageFiles.Below(_temp.Root);
        found.Files.Select(file => file.Path).Should().Equal("linked.png", "real.png");
        found.PassedOver.Special.Should().Equal("note");

        Link("lost.png", "nowhere");
        FluentActions.Invoking(() => ImageFiles.Below(_temp.Root)).Should().Throw<LabException>().WithMessage("*lost.png cannot be read*link*");
    }

    [Fact]
    public void Pipes_and_sockets_are_skipped_without_being_opened()
    {
        Requires.Unix();
        Touch("0.png");
        Shell("mkfifo zz.png");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_temp.Root, "s.png")));

        var found = ImageFiles.Below(_temp.Root);

        found.Files.Should().ContainSingle().Which.Length.Should().Be(1);
        found.PassedOver.Special.Should().Equal("s.png", "zz.png");
        found.PassedOver.Describe().Should().Be("passed over pipes, sockets, devices or broken links: 2 (s.png, …)");
        FileHash.In(_temp.Root)(".").Should().HaveLength(64);
        FluentActions.Invoking(() => FileHash.In(_temp.Root)("zz.png")).Should().Throw<LabException>().WithMessage("*zz.png*pipe*");
    }

    [Fact]
    public void A_name_that_is_not_UTF8_is_reported()
    {
        Requires.Unix();
        if (OperatingSystem.IsMacOS())
            return; // Its file systems refuse such names.
        Touch("a/0.png");
        Shell("touch \"$(printf 'caf\\351.txt')\"");
        try
        {
            ImageFiles.Below(_temp.Root).PassedOver.Unread.Should().ContainKey(".txt", "only images and folders must have a name that can be opened");

            Shell("touch \"$(printf 'a/caf\\351.png')\"");
            FluentActions.Invoking(() => ImageFiles.Below(_temp.Root)).Should().Throw<LabException>().WithMessage("*caf\uFFFD.png*not UTF-8*rename*");
            FluentActions.Invoking(() => FileHash.In(_temp.Root)("a")).Should().Throw<LabException>().WithMessage("*not UTF-8*");

            Shell("rm a/caf* && mkdir \"$(printf 'caf\\351')\"");
            FluentActions.Invoking(() => ImageFiles.Below(_temp.Root)).Should().Throw<LabException>().WithMessage("*caf\uFFFD: this name is not UTF-8*");
        }
        finally
        {
            Shell("rm -rf caf* a/caf*");
        }
    }

    [Fact]
    public void A_stop_ends_the_walk()
    {
        Touch("0.png");
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        FluentActions.Invoking(() => ImageFiles.Below(_temp.Root, stop.Token)).Should().Throw<OperationCanceledException>();
        FluentActions.Invoking(() => FileHash.In(_temp.Root, stop.Token)(".")).Should().Throw<OperationCanceledException>();
    }

    [Fact]
    public void Skipped_entries_are_not_part_of_the_hash()
    {
        Touch("a/0.png", "b/1.png");
        var hash = FileHash.In(_temp.Root);
        var first = hash(".");

        Touch("a/._0.png", ".ipynb_checkpoints/0-checkpoint.png", ".DS_Store", "notes.txt");
        hash(".").Should().Be(first);
        Touch("b/2.webp");
        hash(".").Should().NotBe(first);
    }

    [Fact]
    public void A_missing_folder_is_reported() => FluentActions.Invoking(() => ImageFiles.Below(Path.Combine(_temp.Root, "none")))
        .Should().Throw<LabException>().WithMessage("the folder *none cannot be read*");

    private void Touch(params string[] names)
    {
        foreach (var name in names)
        {
            var path = Path.Combine(_temp.Root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "x");
        }
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(_temp.Root, name), target);

    // What .NET cannot make: pipes, and names that are not UTF-8.
    private void Shell(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = _temp.Root })!;
        shell.WaitForExit();
        shell.ExitCode.Should().Be(0, command);
    }
}
