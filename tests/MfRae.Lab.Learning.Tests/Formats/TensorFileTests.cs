using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

[Scoped]
public sealed class TensorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("stat.pt", "PyTorch checkpoint (zip)")]
    [InlineData("ckpt_legacy.pt", "PyTorch checkpoint (legacy)")]
    [InlineData("adm_stats.npz", "npz")]
    [InlineData("good.safetensors", "safetensors")]
    public void A_format_is_known_by_content_not_by_name(string name, string format)
    {
        File.Copy(Reference(name), _folder.File("renamed.bin"));
        TensorFile.Open(_folder.File("renamed.bin")).Format.Should().Be(format);
    }

    [Fact]
    public void A_dictionary_inside_is_opened_by_its_name()
    {
        var whole = TensorFile.Open(Reference("ckpt_zip.pt"));
        var inside = TensorFile.Open(Reference("ckpt_zip.pt") + "::ema");

        inside.Tensors.Keys.Should().Equal(whole.Tensors.Keys.Where(name => name.StartsWith("ema.")).Select(name => name[4..]));
        var name = inside.Tensors.Keys.First();
        (inside[name] == whole["ema." + name]).all().item<bool>().Should().BeTrue();
        inside.Metadata.Should().BeEmpty();
    }

    [Fact]
    public void A_dictionary_that_is_not_there_is_an_error_that_names_those_that_are() =>
        Opening(Reference("ckpt_zip.pt") + "::emma").Should().Throw<LabException>().WithMessage("*no dictionary 'emma'*ema, model*");

    [Fact]
    public void Colons_may_be_part_of_a_name()
    {
        if (OperatingSystem.IsWindows())
            return;
        File.Copy(Reference("stat.pt"), _folder.File("a::b"));
        TensorFile.Open(_folder.File("a::b")).Tensors.Should().NotBeEmpty();
    }

    [Fact]
    public void Numbers_and_texts_of_a_checkpoint_are_its_metadata() =>
        TensorFile.Open(Reference("ckpt_zip.pt")).Meta("train_steps").Should().Be("7");

    [Theory]
    [InlineData("<html>404</html>", "*begins with '<html>404</html>'*web page*")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "*begins with 'version https://git-'*Git LFS*")]
    public void What_is_no_weights_file_is_refused_with_its_beginning(string content, string message)
    {
        File.WriteAllText(_folder.File("x.pt"), content);
        Opening(_folder.File("x.pt")).Should().Throw<LabException>().WithMessage(message);
    }

    [Fact]
    public void An_archive_of_something_else_is_refused_with_what_it_holds()
    {
        File.WriteAllBytes(_folder.File("x.zip"), TestArchive.Stored(("readme.txt", [1, 2, 3])));
        Opening(_folder.File("x.zip")).Should().Throw<LabException>().WithMessage("*neither*readme.txt*");
    }

    [Fact]
    public void A_folder_and_a_missing_file_are_errors()
    {
        Opening(_folder.Root).Should().Throw<LabException>();
        Opening(_folder.File("none.pt")).Should().Throw<LabException>().WithMessage("*none.pt does not exist*");
    }

    private static Action Opening(string path) => () => TensorFile.Open(path);

    private static string Reference(string name) => Golden.Path(Path.Combine("reference", "formats"), name);
}
