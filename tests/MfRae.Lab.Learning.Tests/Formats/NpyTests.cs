using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

[Scoped]
public sealed class NpyTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void An_array_alone_has_the_name_that_numpy_gives() =>
        Open(Array("|u1", "False", "3,", [1, 2, 3]))["arr_0"].data<byte>().ToArray().Should().Equal(1, 2, 3);

    [Fact]
    public void The_order_of_bytes_and_of_indices_is_honoured()
    {
        Open(Array(">f8", "False", "1,", [0x3f, 0xf8, 0, 0, 0, 0, 0, 0]))["arr_0"].item<double>().Should().Be(1.5);
        Open(Array(">i2", "False", "2,", [1, 2, 3, 4]))["arr_0"].data<short>().ToArray().Should().Equal(0x102, 0x304);
        var columns = Open(Array("|u1", "True", "2, 3", [1, 2, 3, 4, 5, 6]))["arr_0"];
        columns.shape.Should().Equal(2, 3);
        columns.contiguous().data<byte>().ToArray().Should().Equal(1, 3, 5, 2, 4, 6);
    }

    [Fact]
    public void A_header_of_version_two_has_a_longer_length()
    {
        var text = Text("<i4", "False", "1,");
        Open([0x93, .. "NUMPY"u8, 2, 0, .. BitConverter.GetBytes(text.Length), .. text, 5, 0, 0, 0])["arr_0"].item<int>().Should().Be(5);
    }

    [Theory]
    [InlineData("{'shape': (2, 3), 'fortran_order': False, 'descr': '|u1'}")]
    [InlineData("{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2, 3), }")]
    [InlineData("{'descr':'|u1','fortran_order':False,'shape':(2,3)}\n")]
    [InlineData(" { 'descr' : u'|u1' , 'fortran_order' : False , 'shape' : ( 2L , 3L , ) , } ")]
    [InlineData("{'descr': '|u1',\n 'fortran_order': False,\n 'shape': [2, 3]}")]
    public void Every_literal_of_python_that_describes_the_array_is_read(string header)
    {
        var text = Encoding.ASCII.GetBytes(header);
        var array = Open([0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, 1, 2, 3, 4, 5, 6])["arr_0"];

        array.shape.Should().Equal(2, 3);
        array.contiguous().data<byte>().ToArray().Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Theory]
    [InlineData("{'descr': '|u1', 'fortran_order': False}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (6,), 'more': 1}")]
    [InlineData("{'descr': '|u1', 'descr': '|u1', 'shape': (6,)}")]
    [InlineData("{'descr': '|u1', 'fortran_order': 0, 'shape': (6,)}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (6,)} x")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (6 6)}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': __import__('os')}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (-6,)}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': 6}")]
    [InlineData("{'descr': '|u1")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void A_header_that_describes_no_array_is_refused(string header)
    {
        var text = Encoding.ASCII.GetBytes(header);
        Opening([0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, 1, 2, 3, 4, 5, 6])
            .Should().Throw<LabException>().WithMessage("*test.npy*'arr_0'*");
    }

    [Fact]
    public void Members_of_other_types_are_passed_over_until_they_are_asked_for()
    {
        var file = TestArchive.Open(TestArchive.Stored(
            ("arr_0.npy", Array("|u1", "False", "3,", [1, 2, 3])), ("note.npy", Array("<U2", "False", "", new byte[8])),
            ("seed.npy", Array("<u4", "False", "1,", new byte[4])), ("z.npy", Array("<c8", "False", "1,", new byte[8])),
            ("objects.npy", Array("|O", "False", "1,", [0x80, 2, (byte)'N', (byte)'.'])), ("readme.txt", [1])));

        file["arr_0"].data<byte>().ToArray().Should().Equal(1, 2, 3);
        file.Tensors.Keys.Should().Equal("arr_0");
        file.Unread.Keys.Should().BeEquivalentTo("note", "seed", "z", "objects", "readme.txt");
        FluentActions.Invoking(() => file["seed"]).Should().Throw<LabException>().WithMessage("*'seed' is of type '<u4'; read are f8*");
    }

    [Theory]
    [InlineData("|O", "2,", "*holds Python objects*refused*")]
    [InlineData("<c8", "1,", "*type '<c8'; read are f8, *")]
    [InlineData("<U4", "1,", "*type '<U4'*")]
    [InlineData("<f4", "3,", "*where its shape needs*")]
    [InlineData("<f4", "1,", "*where its shape needs*")]
    [InlineData("<f4", "1000,", "*larger than the file*")]
    [InlineData("<f4", "99999999999999999999,", "*describes the array*")]
    [InlineData("<f4", "4611686018427387904, 4", "*impossible shape*")]
    public void What_is_no_array_of_numbers_is_refused(string type, string shape, string message) =>
        Opening(Array(type, "False", shape, new byte[8])).Should().Throw<LabException>().WithMessage(message);

    [Fact]
    public void A_structured_type_is_refused_with_its_header()
    {
        var text = Encoding.ASCII.GetBytes("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }\n");
        Opening([0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, 0, 0, 0, 0])
            .Should().Throw<LabException>().WithMessage("*'arr_0' is described as {'descr': ?('x'*");
    }

    [Fact]
    public void Packed_arrays_are_unpacked()
    {
        var file = TestArchive.Open(TestArchive.Packed(
            ("a.npy", Array("<f4", "False", "300,", [.. Enumerable.Range(0, 300).SelectMany(i => BitConverter.GetBytes(i / 7f))])),
            ("b.npy", Array("|b1", "False", "3,", [0, 1, 2]))));
        file["a"].data<float>().ToArray().Should().Equal(Enumerable.Range(0, 300).Select(i => i / 7f));
        file["b"].data<bool>().ToArray().Should().Equal(false, true, true);
    }

    [Fact]
    public void An_array_that_unpacks_to_a_hundred_times_the_file_is_refused_at_once()
    {
        var bomb = TestArchive.Packed(("a.npy", Array("|u1", "False", "50000000,", new byte[50_000_000])));
        bomb.Length.Should().BeLessThan(100_000);
        Opening(bomb).Should().Throw<LabException>().WithMessage("*would unpack to 500000*");
    }

    [Fact]
    public void An_array_that_unpacks_to_more_than_declared_is_refused()
    {
        // Directory and header agree with each other, but not with the packed content.
        var content = Array("|u1", "False", "1000,", new byte[1000]);
        var archive = TestArchive.Packed(("a.npy", [.. content, .. new byte[100]]));
        var directory = (int)BitConverter.ToUInt32(archive, archive.Length - 6);
        BitConverter.TryWriteBytes(archive.AsSpan(directory + 24), content.Length);
        var file = TestArchive.Open(archive);
        FluentActions.Invoking(() => file["a"]).Should().Throw<LabException>().WithMessage("*unpacks to more*");
    }

    [Fact]
    public void An_array_that_is_cut_short_is_refused()
    {
        var content = new byte[1000];
        new Random(1).NextBytes(content);
        var archive = TestArchive.Packed(("a.npy", Array("|u1", "False", "1000,", content)));
        var directory = (int)BitConverter.ToUInt32(archive, archive.Length - 6);
        BitConverter.TryWriteBytes(archive.AsSpan(directory + 20), 500);
        var file = TestArchive.Open(archive);
        FluentActions.Invoking(() => file["a"]).Should().Throw<LabException>().WithMessage("*cannot be unpacked at 'a.npy'*");
    }

    [Fact]
    public void Written_archives_are_read_back_and_equal_arrays_make_equal_files()
    {
        using var folder = new TemporaryFolder();
        (string, StoredTensor)[] arrays =
        [
            ("mu", StoredTensor.Of(arange(3, dtype: ScalarType.Float64))),
            ("sigma", StoredTensor.Of(eye(3, dtype: ScalarType.Float64).t())),
            ("n", StoredTensor.Of(tensor(50_000L))), ("half", StoredTensor.Of(zeros(2, 1, dtype: ScalarType.Float16))),
        ];
        Npz.Write(folder.File("a.npz"), arrays);
        Npz.Write(folder.File("b.npz"), arrays);

        File.ReadAllBytes(folder.File("a.npz")).Should().Equal(File.ReadAllBytes(folder.File("b.npz")));
        var file = TensorFile.Open(folder.File("a.npz"));
        file["mu"].data<double>().ToArray().Should().Equal(0, 1, 2);
        (file["sigma"] == eye(3, dtype: ScalarType.Float64)).all().item<bool>().Should().BeTrue();
        file["n"].item<long>().Should().Be(50_000);
        file["half"].shape.Should().Equal(2, 1);
    }

    [Fact]
    public void Numpy_has_no_bfloat16() => FluentActions.Invoking(() =>
        Npz.Write("never", [("a", StoredTensor.Of(zeros(1, dtype: ScalarType.BFloat16)))])).Should().Throw<ArgumentException>();

    private static byte[] Array(string type, string fortran, string shape, byte[] data)
    {
        var text = Text(type, fortran, shape);
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, .. data];
    }

    private static byte[] Text(string type, string fortran, string shape) =>
        Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': {fortran}, 'shape': ({shape}), }}   \n");

    private static Action Opening(byte[] content) => () => Open(content);

    private static TensorFile Open(byte[] content) => FileFormats.Read(FileBytes.Of("test.npy", content));
}
