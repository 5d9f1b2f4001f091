using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

[Scoped]
public sealed class TorchCheckpointTests : IDisposable
{
    // 0, 1, 2, 3, 4, 5 as float32.
    private static readonly byte[] Six = [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))];

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void A_tensor_is_the_part_of_its_storage_that_its_strides_say()
    {
        var file = TestArchive.Open(TestArchive.Checkpoint(
            PickleBytes.Dictionary(("a", Float(1, [2, 2], [1, 2])), ("b", Float(0, [3, 2], [0, 1]))), ("0", Six)));

        file["a"].contiguous().data<float>().ToArray().Should().Equal(1, 3, 2, 4);
        file["b"].contiguous().data<float>().ToArray().Should().Equal(0, 1, 0, 1, 0, 1);
    }

    [Fact]
    public void An_archive_in_the_form_of_those_above_four_gigabytes_is_read()
    {
        var archive = TestArchive.Checkpoint(PickleBytes.Dictionary(("a", Float(0, [6], [1]))), ("0", Six));
        TestArchive.Open(TestArchive.Wide(archive))["a"].data<float>().ToArray().Should().Equal(0, 1, 2, 3, 4, 5);
    }

    [Fact]
    public void A_tensor_alone_is_called_tensor() =>
        TestArchive.Open(TestArchive.Checkpoint(Float(0, [6], [1]), ("0", Six))).Tensors.Keys.Should().Equal("tensor");

    [Fact]
    public void Other_records_are_ignored_but_a_big_endian_machine_is_refused()
    {
        (string, byte[])[] members =
            [("x/data.pkl", PickleBytes.Of(Float(0, [6], [1]))), ("x/data/0", Six), ("x/.data/serialization_id", [1])];
        TestArchive.Open(TestArchive.Stored([.. members, ("x/byteorder", [.. "little"u8])])).Tensors.Should().ContainSingle();
        Opening(TestArchive.Stored([.. members, ("x/byteorder", [.. "big"u8])])).Should().Throw<LabException>().WithMessage("*big-endian*");
    }

    [Theory]
    [InlineData(0, new long[] { 1_000_000 }, new long[] { 1 }, "*'a' the shape ?1000000?, which is larger than the file*")]
    [InlineData(0, new long[] { 7 }, new long[] { 1 }, "*'a' that reaches beyond its storage of 6 numbers*")]
    [InlineData(1, new long[] { 6 }, new long[] { 1 }, "*'a' that reaches beyond its storage of 6 numbers*")]
    [InlineData(0, new long[] { 2, 3 }, new long[] { 4, 1 }, "*'a' that reaches beyond its storage*")]
    [InlineData(0, new long[] { 2 }, new long[] { long.MaxValue }, "*'a' that reaches beyond its storage*")]
    [InlineData(long.MaxValue, new long[] { 1 }, new long[] { 1 }, "*'a' that reaches beyond its storage*")]
    [InlineData(0, new long[] { 1L << 40, 1L << 40 }, new long[] { 0, 0 }, "*impossible shape*")]
    [InlineData(0, new long[] { 1L << 40 }, new long[] { 0 }, "*larger than the file*")]
    [InlineData(-1, new long[] { 1 }, new long[] { 1 }, "*calls torch._utils._rebuild_tensor_v2*makes no sense*")]
    [InlineData(0, new long[] { 1 }, new long[] { -1 }, "*calls torch._utils._rebuild_tensor_v2*makes no sense*")]
    public void A_tensor_that_its_storage_cannot_hold_is_refused(long offset, long[] shape, long[] strides, string message) =>
        Opening(TestArchive.Checkpoint(PickleBytes.Dictionary(("a", Float(offset, shape, strides))), ("0", Six)))
            .Should().Throw<LabException>().WithMessage(message);

    [Fact]
    public void A_storage_of_another_length_than_the_pickle_says_is_refused()
    {
        var value = PickleBytes.Dictionary(("a", PickleBytes.Tensor("FloatStorage", "0", 5, 0, [5], [1])));
        Opening(TestArchive.Checkpoint(value, ("0", Six)))
            .Should().Throw<LabException>().WithMessage("*24 bytes in the storage '0'*5 numbers*");
        Opening(TestArchive.Checkpoint(value)).Should().Throw<LabException>().WithMessage("*does not hold the storage '0'*");
    }

    [Theory]
    [InlineData("ComplexFloatStorage")]
    [InlineData("Float8_e4m3fnStorage")]
    public void A_tensor_of_another_type_is_refused_only_when_it_is_asked_for(string storage)
    {
        var file = TestArchive.Open(TestArchive.Checkpoint(
            PickleBytes.Dictionary(("a", Float(0, [6], [1])), ("b", PickleBytes.Tensor(storage, "1", 1, 0, [1], [1]))),
            ("0", Six), ("1", new byte[8])));

        file["a"].shape.Should().Equal(6);
        FluentActions.Invoking(() => file["b"]).Should().Throw<LabException>().WithMessage($"*'b' asks for 'torch.{storage}'*");
    }

    [Fact]
    public void A_tensor_made_by_another_function_is_refused_only_when_it_is_asked_for()
    {
        var other = PickleBytes.Call("torch._utils\n_rebuild_sparse_tensor\n", Float(0, [6], [1]));
        var file = TestArchive.Open(TestArchive.Checkpoint(PickleBytes.Dictionary(("a", Float(0, [6], [1])), ("b", other)), ("0", Six)));

        file["a"].shape.Should().Equal(6);
        FluentActions.Invoking(() => file["b"]).Should().Throw<LabException>().WithMessage("*'b' asks for 'torch._utils._rebuild_sparse_tensor'*");
        FluentActions.Invoking(() => file["c"]).Should().Throw<LabException>().WithMessage("*holds no tensor 'c'");
    }

    [Fact]
    public void A_tensor_inside_an_object_is_refused_with_the_object()
    {
        var model = PickleBytes.Raw("cnet\nModel\n)\u0081").Concat(PickleBytes.Dictionary(("w", Float(0, [6], [1])))).Append((byte)'b').ToArray();
        var file = TestArchive.Open(TestArchive.Checkpoint(PickleBytes.Dictionary(("model", model), ("steps", PickleBytes.Int(1))), ("0", Six)));

        FluentActions.Invoking(() => file["model.w"]).Should().Throw<LabException>()
            .WithMessage("*no tensor 'model.w': 'model' asks for 'net.Model'*state_dict*");
        FluentActions.Invoking(() => file.At("model")).Should().Throw<LabException>().WithMessage("*'model' asks for 'net.Model'*state_dict*");
    }

    [Fact]
    public void A_compressed_archive_is_refused()
    {
        var value = PickleBytes.Dictionary(("a", PickleBytes.Text(new string('a', 1000))));
        Opening(TestArchive.Packed(("x/data.pkl", PickleBytes.Of(value)))).Should().Throw<LabException>().WithMessage("*compressed*");
    }

    [Theory]
    [InlineData(8, 1, "*encrypted*")]
    [InlineData(10, 12, "*packed by method 12*")]
    [InlineData(42, 255, "*not where the directory says*")]
    public void A_directory_that_misleads_is_refused(int field, byte value, string message)
    {
        var archive = TestArchive.Checkpoint(Float(0, [6], [1]), ("0", Six));
        archive[(int)BitConverter.ToUInt32(archive, archive.Length - 6) + field] = value;
        Opening(archive).Should().Throw<LabException>().WithMessage(message);
    }

    private static byte[] Float(long offset, long[] shape, long[] strides) =>
        PickleBytes.Tensor("FloatStorage", "0", 6, offset, shape, strides);

    private static Action Opening(byte[] archive) => () => TestArchive.Open(archive);
}
