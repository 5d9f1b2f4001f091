namespace MfRae.Lab.Core.Tests;

/// <summary>The checks of a folder. `.ci/run` builds the program with the folder of the package, and loads it.</summary>
public sealed class LibTorchFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LibTorchFolderTests()
    {
        Directory.CreateDirectory(_folder.File("torch/lib"));
        File.WriteAllText(_folder.File("torch/lib/" + LibTorchFolder.FileName("torch_cpu")), "");
    }

    private string Folder => _folder.File("torch/lib");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("__version__ = '2.10.0+cu128'\ndebug = False\n", "2.10.0+cu128")]
    [InlineData("from typing import Optional\n__version__: str = \"2.10.1\"\n", "2.10.1")]
    public void The_version_of_PyTorch_is_read_and_accepted(string text, string version)
    {
        File.WriteAllText(_folder.File("torch/version.py"), text);

        LibTorchFolder.StatedVersion(Folder + "/").Should().Be(version);
        LibTorchFolder.Problem(Folder).Should().BeNull();
    }

    [Theory]
    [InlineData("2.1.0")]
    [InlineData("2.9.1+cpu")]
    [InlineData("2.11.0")]
    public void Another_version_is_refused_with_the_version_that_is_needed(string version)
    {
        File.WriteAllText(_folder.File("torch/version.py"), $"__version__ = '{version}'\n");

        LibTorchFolder.Problem(Folder).Should().Contain($"{Folder} has libtorch {version}, and TorchSharp needs 2.10").And.Contain("pip install torch==2.10.*");
        FluentActions.Invoking(() => LibTorchFolder.Load(Folder)).Should().Throw<LabException>();
    }

    [Fact]
    public void The_version_of_a_libtorch_archive_is_read()
    {
        File.WriteAllText(_folder.File("torch/build-version"), "2.8.0+cpu\n");

        LibTorchFolder.StatedVersion(Folder).Should().Be("2.8.0+cpu");
        LibTorchFolder.Problem(Folder).Should().Contain("has libtorch 2.8.0+cpu");
    }

    [Fact]
    public void A_folder_without_libtorch_is_refused_with_the_command_that_prints_the_right_one() =>
        LibTorchFolder.Problem(_folder.File("torch")).Should().Contain("has no libtorch").And.Contain("torch.__path__");

    [Fact]
    public void A_library_that_does_not_load_is_reported() =>
        FluentActions.Invoking(() => LibTorchFolder.Load(Folder)).Should().Throw<LabException>().WithMessage($"the libtorch in {Folder} does not load*");
}
