using System.IO.Compression;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class IdxReaderTests : IDisposable
{
    private static readonly byte[] TwoLabels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 3];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sizes_and_values_come_back()
    {
        var (sizes, values) = IdxReader.Read(Write([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4]), 3);
        sizes.Should().Equal(1, 2, 2);
        values.Should().Equal(1, 2, 3, 4);
    }

    [Theory]
    [InlineData(9, "holds 1 of the 2 bytes")]
    [InlineData(7, "ends before its header")]
    [InlineData(2, "ends before its header")]
    public void A_truncated_file_says_how_much_is_missing(int length, string message) =>
        Reading(TwoLabels[..length]).Should().Throw<LabException>().WithMessage($"*{message}*");

    [Fact]
    public void Surplus_bytes_are_an_error() =>
        Reading([.. TwoLabels, 1]).Should().Throw<LabException>().WithMessage("*more than the 2 bytes*");

    [Fact]
    public void Another_element_type_is_an_error() =>
        Reading([0, 0, 13, 1, 0, 0, 0, 2, 7, 3]).Should().Throw<LabException>().WithMessage("*unsigned bytes*00000D01*");

    [Fact]
    public void Images_in_place_of_labels_are_an_error() =>
        Reading([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1]).Should().Throw<LabException>().WithMessage("*swapped*");

    [Fact]
    public void A_header_that_promises_the_world_is_refused_without_the_memory() =>
        Reading([0, 0, 8, 1, 0x7f, 0xff, 0xff, 0xff, 7]).Should().Throw<LabException>().WithMessage("*declares 2147483647 bytes*");

    [Fact]
    public void A_file_that_is_not_gzip_is_an_error()
    {
        var path = _folder.File("plain");
        File.WriteAllBytes(path, TwoLabels);
        FluentActions.Invoking(() => IdxReader.Read(path, 1)).Should().Throw<LabException>().WithMessage("*not a gzip file*");
    }

    [Fact]
    public void A_missing_file_says_what_belongs_there() =>
        FluentActions.Invoking(() => IdxReader.Read(_folder.File("none.gz"), 1))
            .Should().Throw<LabException>().WithMessage("*train-images-idx3-ubyte.gz*");

    [Fact]
    public void Unequal_numbers_of_images_and_labels_are_an_error()
    {
        Write([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9], IdxDatasetOptions.FileNames[0]);
        Write(TwoLabels, IdxDatasetOptions.FileNames[1]);
        FluentActions.Invoking(() => IdxDataset.Train(_folder.Root, 0)).Should().Throw<LabException>().WithMessage("*1 images*2 labels*");
    }

    private Action Reading(byte[] content)
    {
        var path = Write(content);
        return () => IdxReader.Read(path, 1);
    }

    private string Write(byte[] content, string name = "file.gz")
    {
        var path = _folder.File(name);
        using var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        gzip.Write(content);
        return path;
    }
}
