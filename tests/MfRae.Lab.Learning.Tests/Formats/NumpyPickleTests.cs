using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

/// <summary>Arrays of numpy inside pickles, as torch.save writes them in the second protocol.</summary>
[Scoped]
public sealed class NumpyPickleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var (mu, sigma) = (randn(7, dtype: float64), randn(7, 7, dtype: float64));

        NumpyPickle.Write(_folder.File("x.pt"), [("mu", mu), ("sigma", sigma)]);

        var file = TensorFile.Open(_folder.File("x.pt"));
        file.Tensors.Keys.Should().Equal("mu", "sigma");
        (file["mu"] == mu).all().item<bool>().Should().BeTrue();
        (file["sigma"] == sigma).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void An_array_whose_first_index_runs_fastest_is_turned()
    {
        var read = Read(Array("f4", "<", true, [2, 3], [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))]))["a"];

        read.shape.Should().Equal(2, 3);
        read.contiguous().data<float>().ToArray().Should().Equal(0, 2, 4, 1, 3, 5);
    }

    [Fact]
    public void Integers_keep_their_type() => Read(Array("i8", "<", false, [1], BitConverter.GetBytes(7L)))["a"].item<long>().Should().Be(7);

    [Fact]
    public void An_array_of_objects_is_refused_only_when_it_is_asked_for()
    {
        var objects = Array("O8", "|", false, [1], [], PickleBytes.List(PickleBytes.Text("x")));
        var file = TestArchive.Open(TestArchive.Checkpoint(
            PickleBytes.Dictionary(("a", Array("f4", "<", false, [1], BitConverter.GetBytes(2f))), ("b", objects))));

        file["a"].item<float>().Should().Be(2);
        FluentActions.Invoking(() => file["b"]).Should().Throw<LabException>().WithMessage("*'b' is an array of 'O8', which is not supported*");
    }

    [Theory]
    [InlineData("f8", ">", 8, "'>f8', which is not supported")]
    [InlineData("U3", "<", 12, "'U3', which is not supported")]
    [InlineData("O8", "|", 8, "'O8', which is not supported")]
    [InlineData("f8", "<", 7, "gives 'a' the shape [1], which is larger than the file")]
    [InlineData("f8", "<", 16, "holds 16 bytes for the array 'a' [1]")]
    public void Others_are_refused(string type, string order, int bytes, string message) =>
        FluentActions.Invoking(() => Read(Array(type, order, false, [1], new byte[bytes])))
            .Should().Throw<LabException>().WithMessage($"*{message}*");

    [Fact]
    public void A_text_does_not_become_bytes_without_end()
    {
        // The same 100 letters, remembered as value 0, made into bytes a thousand times.
        var text = PickleBytes.Text(new string('x', 100)).Concat(PickleBytes.Raw("q\0")).ToArray();
        var again = PickleBytes.Call("_codecs\nencode\n", PickleBytes.Raw("h\0"), PickleBytes.Text("latin1"));

        FluentActions.Invoking(() => Read(PickleBytes.List([text, .. Enumerable.Repeat(again, 1000)])))
            .Should().Throw<LabException>().WithMessage("*makes more bytes than it has*");
    }

    [Theory]
    [InlineData("utf8")]
    [InlineData("rot13")]
    public void Letters_become_bytes_in_one_way_only(string encoding) =>
        FluentActions.Invoking(() => Read(PickleBytes.Call("_codecs\nencode\n", PickleBytes.Text("x"), PickleBytes.Text(encoding))))
            .Should().Throw<LabException>().WithMessage("*calls _codecs.encode*no sense*");

    private static TensorFile Read(byte[] value) => TestArchive.Open(TestArchive.Checkpoint(PickleBytes.Dictionary(("a", value))));

    private static byte[] Array(string type, string order, bool fortran, long[] shape, byte[] values, byte[]? state = null)
    {
        byte[] Bytes(byte[] content) => PickleBytes.Call("_codecs\nencode\n",
            PickleBytes.Text(string.Concat(content.Select(one => (char)one))), PickleBytes.Text("latin1"));
        byte[] none = [(byte)'N'], no = [0x89], yes = [0x88];
        var numbers = PickleBytes.Call("numpy\ndtype\n", PickleBytes.Text(type), no, yes).Concat(PickleBytes.Tuple(
            PickleBytes.Int(3), PickleBytes.Text(order), none, none, none, PickleBytes.Int(-1), PickleBytes.Int(-1), PickleBytes.Int(0)))
            .Append((byte)'b').ToArray();
        return
        [
            .. PickleBytes.Call("numpy.core.multiarray\n_reconstruct\n",
                PickleBytes.Raw("cnumpy\nndarray\n"), PickleBytes.Tuple(PickleBytes.Int(0)), Bytes("b"u8.ToArray())),
            .. PickleBytes.Tuple(
                PickleBytes.Int(1), PickleBytes.Tuple([.. shape.Select(PickleBytes.Int)]), numbers, fortran ? yes : no, state ?? Bytes(values)),
            (byte)'b',
        ];
    }
}
