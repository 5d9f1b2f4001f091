using System.IO.Compression;
using System.Text;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Arms whose samples are those of another program.</summary>
public sealed class ExternalRulesTests : IDisposable
{
    private const string None = """ "teacher": { "kind": "none" }, "cmt": { "kind": "none" }, "meanflow": { "kind": "none" } """;

    private readonly Workspace _work = new();

    public ExternalRulesTests()
    {
        _work.WriteIdx("data/fashion-mnist", 28, 28, 10);
        _work.Write("generator.py", "print()");
    }

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_program_that_is_found_is_valid() =>
        _work.Read(Keys("""{ "kind": "command", "command": ["dotnet", "generator.py"], "inputs": ["generator.py"] }"""))
            .Should().Match<Core.Experiments.ReadResult>(read => read.Diagnostics.Count == 0 && read.Warnings.Count == 0);

    [Theory]
    [InlineData("""{ "kind": "command", "command": [] }""", "`command` is empty")]
    [InlineData("""{ "kind": "command", "command": ["no-such-program-here"] }""", "the program no-such-program-here is not found in the folders of PATH")]
    [InlineData("""{ "kind": "command", "command": ["./missing.sh"] }""", "the program ./missing.sh is not found in the working directory")]
    [InlineData("""{ "kind": "command", "command": ["dotnet"], "inputs": ["missing.py"] }""", "file missing.py not found")]
    [InlineData("""{ "kind": "command", "command": ["dotnet"], "inputs": ["data"] }""", "the input data is a folder")]
    [InlineData("""{ "kind": "command", "command": ["dotnet"], "range": [1, -1] }""", "`range` is not")]
    [InlineData("""{ "kind": "command", "command": ["dotnet"], "range": [1] }""", "`range` is not")]
    [InlineData("""{ "kind": "files", "path": "missing.npz" }""", "samples missing.npz not found")]
    [InlineData("""{ "kind": "files", "path": "generator.py" }""", "samples are not read from files that end with .py")]
    [InlineData("""{ "kind": "program", "path": "x" }""", "`program`")]
    public void A_mistake_in_the_source_of_samples_is_found_before_the_run(string external, string message) =>
        _work.Mistake(Keys(external)).Message.Should().Contain(message);

    [Fact]
    public void A_script_that_is_no_input_gives_a_warning()
    {
        var read = _work.Read(Keys("""{ "kind": "command", "command": ["dotnet", "generator.py"] }"""));

        read.Diagnostics.Should().BeEmpty();
        read.Warnings.Should().ContainSingle().Which.Suggestion.Should().Be("""write "inputs": ["generator.py"]""");
    }

    [Fact]
    public void An_arm_with_samples_of_another_program_trains_nothing()
    {
        var read = _work.Read("""
            "base": { "sampling": { "steps": [1], "external": { "kind": "command", "command": ["dotnet"] }, "noiseSets": 2 } },
            "primaryMetric": "fid@1"
            """);

        read.Diagnostics.Select(mistake => mistake.Message).Should().BeEquivalentTo(
        [
            "the samples are those of another program (`external`), but teacher is of kind `pretrained`",
            "the samples are those of another program (`external`), but cmt is of kind `trajectory`",
            "the samples are those of another program (`external`), but meanflow is of kind `lambda`",
            "`noiseSets` is above 1, but another program makes one set of samples for each run",
        ]);
    }

    [Fact]
    public void The_primary_metric_may_be_any_of_the_declared_steps()
    {
        const string external = """{ "kind": "command", "command": ["dotnet"] }""";

        _work.Read(Keys(external, """ "primaryMetric": "fid@4" """, "[4]")).Diagnostics.Should().BeEmpty();
        _work.Mistake(Keys(external, """ "primaryMetric": "fid@1" """, "[4]")).Message.Should().Contain("`fid@1` is not measured");
    }

    [Fact]
    public void Several_seeds_or_steps_need_several_paths()
    {
        WriteNpz("s.npz", "arr_0", "(8, 28, 28, 1)");

        var read = _work.Read(Keys("""{ "kind": "files", "path": "s.npz" }""", """ "seeds": "0-1" """, "[1, 2]"));

        read.Diagnostics.Select(mistake => mistake.Message).Should().BeEquivalentTo(
            "there are 2 seeds, but the path has no {seed}: all would be the same samples",
            "there are 2 numbers of steps, but the path has no {steps}: all would be the same samples");
    }

    [Fact]
    public void The_file_of_each_seed_and_number_of_steps_is_looked_for()
    {
        WriteNpz("s/0/1.npz", "arr_0", "(8, 28, 28, 1)");

        var mistake = _work.Mistake(Keys("""{ "kind": "files", "path": "s/{seed}/{steps}.npz" }""", """ "seeds": "0-1" """, "[1, 2]"));

        mistake.Message.Should().Contain("samples s/0/2.npz, s/1/1.npz, s/1/2.npz not found");
        mistake.Absent.Should().Be("s/0/2.npz");
    }

    [Theory]
    [InlineData("arr_0", "(8, 28, 28, 1)", null)]
    [InlineData("images", "(9, 1, 28, 28)", null)]
    [InlineData("anything", "(8, 28, 28)", null)]
    [InlineData("arr_0", "(7, 28, 28, 1)", "`samples` is 8, but s.npz has 7 images")]
    [InlineData("arr_0", "(8, 32, 32, 1)", "s.npz has images of shape [8, 32, 32, 1], but the dataset has 28×28 grey images")]
    [InlineData("arr_0", "(8, 28, 28, 3)", "s.npz has images of shape [8, 28, 28, 3]")]
    [InlineData("features", "(8, 2048)", "none of its arrays is known to be images (features)")]
    public void Number_and_shape_of_samples_are_read_from_the_header(string array, string shape, string? message)
    {
        WriteNpz("s.npz", array, shape);

        var read = _work.Read(Keys("""{ "kind": "files", "path": "s.npz" }"""));

        if (message is null)
        {
            read.Diagnostics.Should().BeEmpty();
        }
        else
        {
            read.Diagnostics.Should().ContainSingle().Which.Message.Should().Contain(message);
        }
    }

    [Fact]
    public void Samples_in_safetensors_files_and_folders_are_counted_too()
    {
        _work.WriteWeights("s.safetensors", [], ("images", [6, 1, 28, 28]));
        _work.Write("folder/a/1.png", "");
        _work.Write("folder/b/2.png", "");

        _work.Mistake(Keys("""{ "kind": "files", "path": "s.safetensors" }""")).Message.Should().Contain("has 6 images");
        _work.Mistake(Keys("""{ "kind": "files", "path": "folder" }""")).Message.Should().Contain("folder has 2 images");
    }

    private static string Keys(string external, string more = "\"seeds\": [0]", string steps = "[1]") => $$"""
        "base": { {{None}}, "sampling": { "samples": 8, "steps": {{steps}}, "external": {{external}} } },
        "evaluation": { "metrics": [{ "kind": "fid" }] },
        {{more}}
        """;

    private void WriteNpz(string path, string array, string shape)
    {
        _work.Write(path, "");
        using var archive = new ZipArchive(File.Create(Path.Combine(_work.Root, path)), ZipArchiveMode.Create);
        using var entry = archive.CreateEntry(array + ".npy").Open();
        byte[] header = Encoding.ASCII.GetBytes($"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
        entry.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header]);
    }
}
