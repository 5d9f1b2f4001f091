using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class WeightsVerbTests : IDisposable
{
    private static readonly string Fixtures = Path.Combine(Checkout.Root, "tests", "Golden", "reference", "formats");

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void List_shows_the_content_of_the_cards_even_if_a_file_is_broken()
    {
        Weights("one", [1, 2]);
        _lab.Write("weights/two.safetensors", "broken");
        _lab.Write("weights/three.json", """{ "sha256": "00", "bytes": 1, "measurements": [] }""");
        _lab.Write("weights/notes.json", """{ "not": "a card" }""");

        var answer = _lab.Run("weights", "list", "weights");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        var lines = answer.Out.Split(Environment.NewLine);
        lines.Should().Contain(line => line.StartsWith("one ") && line.Contains("test-network") && line.Contains("fid@1 1.25"));
        lines.Should().Contain(line => line.StartsWith("two ") && line.Contains("unreadable") && line.Contains("no card"));
        lines.Should().Contain(line => line.StartsWith("three ") && line.Contains("missing"));
        answer.Out.Should().NotContain("notes");
    }

    [Fact]
    public void The_shipped_weights_are_listed_and_verified()
    {
        var folder = Path.Combine(Checkout.Root, "data", "weights");
        _lab.Run("weights", "list", folder).Out.Should().ContainAll("encoder", "vit-encoder", "teacher", "dit-velocity");
        _lab.Run("weights", "verify", folder)
            .Should().Match<Answer>(answer => answer.Code == ExitCode.Ok && !answer.Out.Contains("no card"));
    }

    [Fact]
    public void Inspect_shows_format_parts_tensors_and_metadata()
    {
        var answer = _lab.Run("weights", "inspect", Path.Combine(Fixtures, "ckpt_zip.pt"));

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().ContainAll("PyTorch checkpoint (zip)", "ema ", "model ", "ema.fc.weight", "F32", "train_steps");
    }

    [Fact]
    public void Inspect_writes_json_for_programs()
    {
        var answer = _lab.Run("weights", "inspect", Path.Combine(Fixtures, "good.safetensors"), "--json");

        using var json = JsonDocument.Parse(answer.Out);
        json.RootElement.GetProperty("format").GetString().Should().Be("safetensors");
        json.RootElement.GetProperty("metadata").GetProperty("k").GetString().Should().Be("v");
        var tensor = json.RootElement.GetProperty("tensors").EnumerateArray().First();
        tensor.GetProperty("name").GetString().Should().Be("a");
        tensor.GetProperty("type").GetString().Should().Be("F32");
        tensor.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64()).Should().Equal(2, 3);
    }

    [Theory]
    [InlineData("pt-namespace.pt", "other", "argparse.Namespace")]
    [InlineData("extra-uint32.npz", "seed", "<u4")]
    public void Unread_values_are_listed_and_fail_verbs_that_need_every_value(string file, string name, string reason)
    {
        var path = Path.Combine(Checkout.Root, "tests", "Golden", "cases", file);

        var answer = _lab.Run("weights", "inspect", path);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Split(Environment.NewLine).Should().Contain(line => line.StartsWith(name) && line.Contains(reason));
        using var json = JsonDocument.Parse(_lab.Run("weights", "inspect", path, "--json").Out);
        json.RootElement.GetProperty("notRead").GetProperty(name).GetString().Should().Contain(reason);

        _lab.Run("weights", "verify", path).Should().Match<Answer>(verified =>
            verified.Code == ExitCode.Incomparable && verified.Out.Contains($"not read, {name}"));
        _lab.Run("weights", "convert", path, "out.safetensors").Should().Match<Answer>(converted =>
            converted.Code == ExitCode.Usage && converted.Error.Contains(reason));
    }

    [Fact]
    public void Convert_takes_the_weights_of_a_file_with_unread_values() => _lab.Run(
            "weights", "convert", Path.Combine(Checkout.Root, "tests", "Golden", "cases", "pt-namespace.pt"), "out.safetensors", "--key", "model")
        .Code.Should().Be(ExitCode.Ok);

    [Theory]
    [InlineData("malicious_os_system.pt", "posix.system")]
    [InlineData("malicious_nested_eval.pt", "__builtin__.eval")]
    [InlineData("unknown_global.pt", "subprocess.Popen")]
    public void Values_that_require_code_are_refused_by_name(string file, string name)
    {
        var answer = _lab.Run("weights", "inspect", Path.Combine(Fixtures, file));
        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().ContainAll(file, name, "refused");
        answer.Out.Should().BeEmpty();
    }

    [Fact]
    public void Convert_extracts_a_dictionary_renames_it_and_changes_its_type()
    {
        var answer = _lab.Run("weights", "convert", Path.Combine(Fixtures, "ckpt_zip.pt"), "out.safetensors",
            "--key", "ema", "--dtype", "bf16", "--rename", "fc.=head.", "--rename", "emb.weight=table");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        var shown = _lab.Run("weights", "inspect", "out.safetensors").Out;
        shown.Should().ContainAll("head.weight", "table", "ln.bias", "BF16").And.NotContain("fc.").And.NotContain("F32");
    }

    [Fact]
    public void Convert_writes_archives_for_other_evaluators()
    {
        _lab.Run("weights", "convert", Path.Combine(Fixtures, "adm_stats_deflate.npz"), "stats.safetensors").Code.Should().Be(ExitCode.Ok);
        _lab.Run("weights", "convert", "stats.safetensors", "stats.npz").Code.Should().Be(ExitCode.Ok);
        _lab.Run("weights", "inspect", "stats.npz").Out.Should().ContainAll("npz", "mu", "sigma", "F64");
    }

    [Theory]
    [InlineData("out.safetensors --rename fc=x", "is called 'fc'")]
    [InlineData("out.safetensors --rename ema.ln.weight=ema.ln.bias", "2 tensors would be called 'ema.ln.bias'")]
    [InlineData("out.pt", "neither with .safetensors nor with .npz")]
    [InlineData("out.npz --dtype bf16", "numpy has no bfloat16")]
    [InlineData("out.safetensors --dtype f8", "use f64, f32, f16, bf16")]
    [InlineData("out.safetensors --rename x", "is not OLD=NEW")]
    public void An_impossible_conversion_exits_2_and_writes_nothing(string arguments, string reason)
    {
        var answer = _lab.Run(["weights", "convert", Path.Combine(Fixtures, "ckpt_zip.pt"), .. arguments.Split(' ')]);

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain(reason);
        Directory.EnumerateFiles(_lab.Path, "out.*").Should().BeEmpty();
    }

    [Fact]
    public void A_value_beyond_the_smaller_type_is_an_error_and_leaves_no_file()
    {
        Weights("big", [1e30f]);

        var answer = _lab.Run("weights", "convert", "weights/big.safetensors", "out.safetensors", "--dtype", "f16");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().ContainAll("'w'", "beyond f16");
        Directory.EnumerateFiles(_lab.Path, "out.*").Should().BeEmpty();
    }

    [Fact]
    public void A_missing_dictionary_is_an_error()
    {
        var answer = _lab.Run("weights", "convert", Path.Combine(Fixtures, "ckpt_zip.pt"), "out.safetensors", "--key", "emma");
        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("it has ema, model");
    }

    [Fact]
    public void Verify_finds_changed_bytes_non_finite_values_and_missing_files()
    {
        Weights("good", [1, 2]);
        Weights("changed", [1, 2]);
        Weights("nan", [1, float.NaN]);
        Weights("gone", [1]);
        _lab.Run("weights", "verify", "weights/good.safetensors").Code.Should().Be(ExitCode.Ok);
        var bytes = File.ReadAllBytes(_lab.At("weights/changed.safetensors"));
        bytes[^1] ^= 1;
        File.WriteAllBytes(_lab.At("weights/changed.safetensors"), bytes);
        File.Delete(_lab.At("weights/gone.safetensors"));
        _lab.Write("weights/cut.pt", "PK\u0003\u0004 and no more, though long enough to look");

        var answer = _lab.Run("weights", "verify", "weights");

        answer.Code.Should().Be(ExitCode.Incomparable);
        var lines = answer.Out.Split(Environment.NewLine);
        lines.Should().Contain("weights/good.safetensors: ok")
            .And.Contain(line => line.StartsWith("weights/changed.safetensors: has the SHA-256"))
            .And.Contain("weights/nan.safetensors: has values that are not finite in w")
            .And.Contain(line => line.StartsWith("weights/gone.safetensors: is missing"))
            .And.Contain(line => line.StartsWith("weights/cut.pt: ") && line.Contains("zip archive"));
    }

    [Theory]
    [InlineData("verify none")]
    [InlineData("list none")]
    [InlineData("inspect none")]
    [InlineData("hash none")]
    [InlineData("convert none out.safetensors")]
    public void A_missing_file_exits_4(string arguments)
    {
        var answer = _lab.Run(["weights", .. arguments.Split(' ')]);
        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("none");
    }

    [Fact]
    public void Hash_prints_the_format_of_sha256sum()
    {
        _lab.Write("a", "content");
        var hash = Convert.ToHexStringLower(SHA256.HashData("content"u8));
        _lab.Run("weights", "hash", "a", "a").Out.ReplaceLineEndings("\n").Should().Be($"{hash}  a\n{hash}  a\n");
    }

    // A file with one tensor `w`, and its card.
    private void Weights(string name, float[] values)
    {
        var header = $$"""
            {
              "__metadata__": { "type": "test-network" },
              "w": { "dtype": "F32", "shape": [{{values.Length}}], "data_offsets": [0, {{4 * values.Length}}] }
            }
            """;
        byte[] content =
            [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. values.SelectMany(BitConverter.GetBytes)];
        _lab.Write($"weights/{name}.json", $$"""
            {
              "sha256": "{{Convert.ToHexStringLower(SHA256.HashData(content))}}",
              "bytes": {{content.Length}},
              "measurements": [ { "metric": "fid@1", "value": 1.25 } ]
            }
            """);
        File.WriteAllBytes(_lab.At($"weights/{name}.safetensors"), content);
    }
}
