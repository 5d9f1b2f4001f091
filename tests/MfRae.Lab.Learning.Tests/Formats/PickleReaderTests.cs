using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Tests.Formats;

[Scoped]
public sealed class PickleReaderTests
{
    [Fact]
    public void Numbers_texts_and_nested_containers_come_back_under_joined_names()
    {
        var file = Read(PickleBytes.Dictionary(
            ("steps", PickleBytes.Int(7)),
            ("config", PickleBytes.Dictionary(
                ("rate", PickleBytes.Raw("G?\u00f0\0\0\0\0\0\0")),
                ("betas", PickleBytes.Raw("(K\u0009M\0\u0001J\u00ff\u00ff\u00ff\u00fft")),
                ("name", PickleBytes.Text("größer")),
                ("fused", PickleBytes.Raw("\u0088")))),
            ("groups", PickleBytes.List(PickleBytes.Dictionary(("lr", PickleBytes.Int(1))), PickleBytes.Dictionary()))));

        file.Metadata.Should().Equal(new Dictionary<string, string>
        {
            ["steps"] = "7",
            ["config.rate"] = "1",
            ["config.betas"] = "[9, 256, -1]",
            ["config.name"] = "größer",
            ["config.fused"] = "true",
            ["groups.0.lr"] = "1",
        });
        file.Tensors.Should().BeEmpty();
    }

    [Fact]
    public void Whole_numbers_may_be_keys_and_of_any_size() =>
        Read(PickleBytes.Raw("}(K\u0002\u008a\u0009\0\0\0\0\0\0\0\0\u0001u")).Metadata
            .Should().Equal(new Dictionary<string, string> { ["2"] = "18446744073709551616" });

    [Theory]
    [InlineData("cposix\nsystem\n", "posix.system")]
    [InlineData("c__builtin__\neval\n", "__builtin__.eval")]
    [InlineData("cnumpy.core.multiarray\nscalar\n", "numpy.core.multiarray.scalar")]
    [InlineData("ctorch\nload\n", "torch.load")]
    [InlineData("ctorch._utils\n_rebuild_tensor_v2.x\n", "torch._utils._rebuild_tensor_v2.x")]
    [InlineData("X\u0002\0\0\0osX\u0006\0\0\0system\u0093", "os.system")]
    public void A_file_of_nothing_but_another_name_is_refused_by_name(string instructions, string name) =>
        Reading(PickleBytes.Raw(instructions))
            .Should().Throw<LabException>().WithMessage($"*asks for '{name}' at byte*refused*no code of the file was run*");

    [Theory]
    [InlineData("cposix\nsystem\n")]
    [InlineData("csubprocess\nPopen\n")]
    [InlineData("cbuiltins\nexec\n")]
    [InlineData("c__builtin__\neval\nX\u0001\0\0\01\u0085R")]
    [InlineData("X\u0009\0\0\0importlib\u008c\u0006reload\u0093")]
    public void A_name_that_runs_programs_closes_the_file_wherever_it_stands(string instructions) =>
        Reading(PickleBytes.Dictionary(("steps", PickleBytes.Int(7)), ("other", PickleBytes.Raw(instructions))))
            .Should().Throw<LabException>().WithMessage("*which runs programs*no code of the file was run*");

    [Theory]
    [InlineData("cargparse\nNamespace\n)\u0081}X\u0002\0\0\0lrK\u0001sb", "argparse.Namespace")]
    [InlineData("cenum\nMode\nK\u0001\u0085R", "enum.Mode")]
    [InlineData("ctorch\nfloat32\n", "torch.float32")]
    [InlineData("ctorch\ndevice\nX\u0004\0\0\0cuda\u0085R", "torch.device")]
    [InlineData("cpathlib\nPosixPath\n(X\u0001\0\0\0atR", "pathlib.PosixPath")]
    [InlineData("cnet\nModel\n)}\u0092(K\u0001K\u0002u", "net.Model")]
    [InlineData("ceasydict\nEasyDict\n)\u0081(X\u0001\0\0\0aK\u0001u}b", "easydict.EasyDict")]
    [InlineData("clist\nSub\n)\u0081(K\u0001K\u0002e", "list.Sub")]
    [InlineData("\u008f(K\u0001K\u0002\u0090", "set")]
    [InlineData("(K\u0001K\u0002\u0091", "frozenset")]
    [InlineData("c__builtin__\nset\n]K\u0001a\u0085R", "__builtin__.set")]
    public void Another_name_is_a_stand_in_that_does_nothing(string instructions, string name)
    {
        var file = Read(PickleBytes.Dictionary(("steps", PickleBytes.Int(7)), ("other", PickleBytes.Raw(instructions))));

        file.Meta("steps").Should().Be("7");
        file.Unread.Should().ContainSingle().Which.Should().Match<KeyValuePair<string, string>>(entry =>
            entry.Key == "other" && entry.Value.Contains($"asks for '{name}' at byte"));
    }

    [Theory]
    [InlineData("C\u0001x")]
    [InlineData("B\u0001\0\0\0x")]
    [InlineData("\u008e\u0001\0\0\0\0\0\0\0x")]
    [InlineData("\u0096\u0001\0\0\0\0\0\0\0x")]
    [InlineData("}(K\u0001K\u0002\u0086K\u0003u")]
    public void Bytes_and_dictionaries_without_names_are_passed_over(string instructions)
    {
        var file = Read(PickleBytes.Dictionary(("steps", PickleBytes.Int(7)), ("other", PickleBytes.Raw(instructions))));

        file.Metadata.Keys.Should().Equal("steps");
        file.Unread.Keys.Should().Equal("other");
    }

    [Fact]
    public void A_dictionary_with_a_default_is_a_dictionary() =>
        Read(PickleBytes.Raw("ccollections\ndefaultdict\nc__builtin__\nlist\n\u0085R(X\u0001\0\0\0aK\u0001u")).Metadata
            .Should().Equal(new Dictionary<string, string> { ["a"] = "1" });

    [Fact]
    public void A_stand_in_costs_no_more_than_its_bytes()
    {
        // One object, given a state, items and members ten thousand times.
        var instructions = "cnet\nModel\n)\u0081" + string.Concat(Enumerable.Repeat("}b(K\u0001e", 10_000));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Read(PickleBytes.Dictionary(("steps", PickleBytes.Int(7)), ("other", PickleBytes.Raw(instructions))));

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(64 * (long)instructions.Length);
    }

    [Fact]
    public void A_name_cannot_write_to_the_terminal() =>
        Reading(PickleBytes.Raw("cos\u001b[2J\nsystem\n")).Should().Throw<LabException>().Which.Message.Should().NotContain("\u001b");

    [Theory]
    [InlineData("(i__main__\nX\n", "INST")]
    [InlineData("(o", "OBJ")]
    [InlineData("\u0082\u0001", "EXT")]
    [InlineData("Pid\n", "PERSID")]
    [InlineData("I1\n", "0x49")]
    public void Every_other_instruction_is_refused_by_name(string instructions, string name) =>
        Reading(PickleBytes.Raw(instructions)).Should().Throw<LabException>().WithMessage($"*{name}*refused*");

    [Theory]
    [InlineData("K")]
    [InlineData("X\u00ff\u00ff\u00ff\u007fabc")]
    [InlineData("h\u0007")]
    [InlineData("q\u0001")]
    [InlineData("t")]
    [InlineData("(")]
    [InlineData("}K\u0001K\u0002K\u0003(u")]
    [InlineData("}(K\u0001u")]
    [InlineData("K\u0001K\u0002a")]
    [InlineData("K\u0001\u0086")]
    [InlineData("(K\u0001(\u0086")]
    [InlineData("NQ")]
    [InlineData("ccollections\nOrderedDict\nK\u0001\u0085R")]
    [InlineData("ctorch\nFloatStorage\n)R")]
    [InlineData("}]b")]
    [InlineData("\u0080\u0007N")]
    [InlineData("ctorch\nFloatStorage\n")]
    [InlineData("}]K\u0001s")]
    [InlineData("C\u00ffx")]
    [InlineData("\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007fx")]
    [InlineData("K\u0001)\u0081")]
    [InlineData("\u0091")]
    [InlineData("K\u0001(K\u0001\u0090")]
    public void What_makes_no_sense_is_refused(string instructions) =>
        Reading(PickleBytes.Raw(instructions)).Should().Throw<LabException>().WithMessage("*test.pkl*");

    [Fact]
    public void Lists_without_end_are_refused()
    {
        Reading(PickleBytes.Raw("]q\0h\0a")).Should().Throw<LabException>().WithMessage("*more values*");
        Reading(PickleBytes.Raw(new string(']', 100) + new string('a', 99)))
            .Should().Throw<LabException>().WithMessage("*more than 64 deep*");
    }

    [Fact]
    public void Lists_that_double_at_every_level_are_refused_before_they_fill_memory()
    {
        // Level n is twice level n - 1: a few bytes for 2^40 numbers.
        var levels = Enumerable.Range(0, 40).Select(level => $"(h{(char)level}h{(char)level}tq{(char)(level + 1)}");
        var instructions = $"(]K\u0001aq\0{string.Concat(levels)}t";
        var before = GC.GetAllocatedBytesForCurrentThread();

        Reading(PickleBytes.Raw(instructions)).Should().Throw<LabException>().WithMessage("*more values*");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
    }

    [Fact]
    public void A_long_name_above_many_values_is_refused_before_it_fills_memory()
    {
        var leaves = PickleBytes.Dictionary([.. Enumerable.Range(0, 2000).Select(i => ($"{i}", PickleBytes.Int(i)))]);
        Reading(PickleBytes.Dictionary((new string('k', 50_000), leaves))).Should().Throw<LabException>().WithMessage("*longer names*");
    }

    private static Action Reading(byte[] value) => () => Read(value);

    private static TensorFile Read(byte[] value) => FileFormats.Read(FileBytes.Of("test.pkl", PickleBytes.Of(value)));
}
