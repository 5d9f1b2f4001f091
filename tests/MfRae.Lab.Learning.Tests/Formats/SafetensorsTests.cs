using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

[Scoped]
public sealed class SafetensorsTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x.safetensors");
        Safetensors.Write(path,
        [
            ("float", arange(6, dtype: ScalarType.Float32).view(2, 3)), ("bytes", tensor(new byte[] { 1, 2, 255 })),
            ("wide", tensor(new long[] { long.MinValue })), ("double", tensor(Math.PI, dtype: ScalarType.Float64)),
        ], new Dictionary<string, string> { ["type"] = "a \"name\"" });

        var file = Safetensors.Read(path);
        file["float"].shape.Should().Equal(2, 3);
        file["float"].data<float>().ToArray().Should().Equal(0, 1, 2, 3, 4, 5);
        file["bytes"].data<byte>().ToArray().Should().Equal(1, 2, 255);
        file["wide"].item<long>().Should().Be(long.MinValue);
        file["double"].item<double>().Should().Be(Math.PI);
        file.Meta("type").Should().Be("a \"name\"");
    }

    [Fact]
    public void A_file_of_the_reference_implementation_is_read() =>
        Safetensors.Read(Golden.Path("safetensors", "good.safetensors")).Tensors.Should().NotBeEmpty();

    public static TheoryData<string> BrokenFiles() =>
        [.. Directory.EnumerateFiles(Golden.Path("safetensors", ""), "*.safetensors").Select(path => Path.GetFileName(path)).Where(
            name => name != "good.safetensors")];

    [Theory]
    [MemberData(nameof(BrokenFiles))]
    public void A_broken_file_is_named_and_refused(string name) =>
        FluentActions.Invoking(() => Safetensors.Read(Golden.Path("safetensors", name)))
            .Should().Throw<LabException>().WithMessage($"*{name}*");

    [Fact]
    public void A_missing_tensor_is_named()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder.File("x"), [("a", zeros(1))]);
        FluentActions.Invoking(() => Safetensors.Read(folder.File("x"))["b"]).Should().Throw<LabException>().WithMessage("*no tensor 'b'*");
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void Numbers_of_every_type_come_back_whatever_their_shape(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var values = tensor(new float[] { 0, 1, 1, 0, 3, 2 }).to(type);
        Safetensors.Write(folder.File("x"),
            [("flat", values), ("turned", values.view(2, 3).t()), ("one", values[1]), ("none", values[..0].view(0, 4))]);

        var file = Safetensors.Read(folder.File("x"));

        file.Tensors.Values.Should().OnlyContain(tensor => tensor.Type == type);
        Same(file["flat"], values).Should().BeTrue();
        Same(file["turned"], values.view(2, 3).t()).Should().BeTrue("strides are gone but values are not");
        file["one"].shape.Should().BeEmpty();
        file["none"].shape.Should().Equal(0, 4);
    }

    [Fact]
    public void A_tensor_looks_into_the_file_and_cannot_change_it()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder.File("x"), [("a", zeros(4))]);
        var file = Safetensors.Read(folder.File("x"));
        var before = File.ReadAllBytes(folder.File("x"));

        file["a"].add_(1);

        file["a"].sum().item<float>().Should().Be(4, "both readings are views of one map");
        File.ReadAllBytes(folder.File("x")).Should().Equal(before);
    }

    [Fact]
    public void A_tensor_keeps_its_values_when_the_file_is_closed_and_replaced()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder.File("x"), [("a", ones(1000))]);
        Tensor kept;
        using (NewDisposeScope())
            kept = Safetensors.Read(folder.File("x"))["a"].DetachFromDisposeScope();

        Safetensors.Write(folder.File("x"), [("a", zeros(1000))]);

        kept.sum().item<float>().Should().Be(1000);
        kept.Dispose();
    }

    [Fact]
    public void Larger_types_come_first_so_that_every_tensor_can_be_mapped()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Write(folder.File("x"),
        [
            ("byte", zeros(3, dtype: ScalarType.Byte)), ("half", zeros(3, dtype: ScalarType.Float16)),
            ("first", zeros(3)), ("double", zeros(3, dtype: ScalarType.Float64)), ("second", zeros(3)),
        ]);

        Safetensors.Read(folder.File("x")).Tensors.Keys.Should().Equal("double", "first", "second", "half", "byte");
    }

    [Fact]
    public void Values_at_any_place_are_right()
    {
        using var scope = NewDisposeScope();
        const string header = """
            {"s":{"dtype":"I16","shape":[1],"data_offsets":[0,2]},"f":{"dtype":"F32","shape":[2],"data_offsets":[2,10]}}
            """;
        for (var padding = 0; padding < 8; padding++)
        {
            var file = Parse(header + new string(' ', padding), [5, 0, .. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)]);
            file["s"].item<short>().Should().Be(5);
            file["f"].data<float>().ToArray().Should().Equal(1.5f, -2f);
        }
    }

    [Fact]
    public void The_header_may_name_tensors_in_another_order_than_the_data()
    {
        using var scope = NewDisposeScope();
        var file = Parse(
            """{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", [7, 9]);
        file["a"].item<byte>().Should().Be(7);
        file["b"].item<byte>().Should().Be(9);
    }

    [Fact]
    public void Booleans_of_other_bytes_are_true() =>
        Parse("""{"b":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}""", [0, 1, 255])["b"].data<bool>().ToArray()
            .Should().Equal(false, true, true);

    [Fact]
    public void Metadata_may_be_null() =>
        Parse("""{"__metadata__":null,"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", [1, 2])["a"].shape.Should().Equal(2);

    [Theory]
    [InlineData("F8_E4M3")]
    [InlineData("U16")]
    [InlineData("F4")]
    [InlineData("C64")]
    public void A_tensor_of_another_type_is_refused_only_when_it_is_asked_for(string type)
    {
        var file = Parse(
            $$$"""{"a":{"dtype":"{{{type}}}","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}""",
            [1, 2, 3, 4, 5, 6]);

        file["b"].data<byte>().ToArray().Should().Equal(5, 6);
        file.Tensors.Keys.Should().Equal("b");
        FluentActions.Invoking(() => file["a"]).Should().Throw<LabException>().WithMessage($"*'a' is of type {type}; read are F64, *");
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}""", "*type F8_E4M3; read are F64, *")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"I8","shape":[1],"data_offsets":[1,2]}}""", "*twice*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", "*behind a gap*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", "*ends at*where its header says*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-1,-2],"data_offsets":[0,2]}}""", "*impossible shape*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[0,9223372036854775807,9],"data_offsets":[0,0]}}""", "*impossible shape*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}""", "*1 offsets*")]
    [InlineData("""{"__metadata__":{"k":null},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", "*no string for 'k'*")]
    [InlineData("[1,2]", "*no readable safetensors header*")]
    public void What_the_format_forbids_is_refused(string header, string message) =>
        FluentActions.Invoking(() => Parse(header, [1, 2])).Should().Throw<LabException>().WithMessage(message);

    [Fact]
    public void A_failed_write_leaves_what_was_there()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("x"), "before");
        var failing = new StoredTensor(ScalarType.Float32, [1], () => throw new LabException("the disk is full"));

        FluentActions.Invoking(() => Safetensors.Write(folder.File("x"), [("a", failing)])).Should().Throw<LabException>();

        Directory.GetFiles(folder.Root).Should().ContainSingle();
        File.ReadAllText(folder.File("x")).Should().Be("before");
    }

    private static TensorFile Parse(string header, byte[] data) => new SafetensorsReader(
        FileBytes.Of("x.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. data])).Read();

    private static bool Same(Tensor actual, Tensor expected) =>
        actual.shape.SequenceEqual(expected.shape) && (actual == expected).all().item<bool>();
}
