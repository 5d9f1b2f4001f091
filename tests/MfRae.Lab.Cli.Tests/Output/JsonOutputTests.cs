using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.TestSupport;

namespace MfRae.Lab.Cli.Tests.Output;

/// <summary>The JSON of every verb, byte by byte: names and order of properties are a promise to programs.</summary>
public sealed partial class JsonOutputTests(JsonOutputTests.RecordedLab recorded) : IClassFixture<JsonOutputTests.RecordedLab>
{
    [Theory]
    [InlineData("run", "experiments/smoke.json --json")]
    [InlineData("ls", "ls smoke --json")]
    [InlineData("show", "show {mfd} --json")]
    [InlineData("history", "history smoke --json")]
    [InlineData("compare", "compare smoke {other} --metric fid@1 --json")]
    [InlineData("diff", "diff {mft} {mfd} --json")]
    [InlineData("logs", "logs {mfd} --stage meanflow --json")]
    [InlineData("tag", "tag smoke --json")]
    [InlineData("note", "note smoke --json")]
    [InlineData("db-check", "db check --json")]
    [InlineData("verify", "verify smoke --json")]
    [InlineData("gc", "gc --dry-run --older-than 0 --json")]
    [InlineData("export", "export smoke --to tables --format csv --force --json")]
    [InlineData("export-capsule", "export smoke --to smoke.capsule --force --json")]
    [InlineData("import", "import given.capsule --store imported --db imported.db --reports imported-pages --json")]
    [InlineData("options", "options meanflow.derivative --json")]
    [InlineData("weights-inspect", "weights inspect {weights} --json")]
    [InlineData("evaluate", "evaluate --samples {samples} --reference {reference} --train {reference} --metrics fid,is --ladder --json --no-cache")]
    public void The_json_output_is_the_committed_one(string name, string command) =>
        Golden.Check($"tests/Golden/json/{name}.json", Steady(recorded.Run(command.Split(' ')).Replace(recorded.Folder, "LAB")));

    [Fact]
    public void The_json_output_of_profile_is_the_committed_one()
    {
        using var lab = new LabFolder();
        Directory.Delete(lab.At("data"), recursive: true);

        Golden.Check("tests/Golden/json/profile.json", Steady(lab.Run("profile", "experiments/smoke.json", "--json").Out));
    }

    [Fact]
    public void The_rows_of_a_query_are_objects_with_values_of_each_type()
    {
        const string Sql = "select 1 as whole, 0.1 as fraction, 9e999 as infinite, null as missing, 'ä<' as text, x'00ff' as blob";

        Golden.Check("tests/Golden/json/query.json", recorded.Run("query", Sql, "--json"));
    }

    [Fact]
    public void The_checks_of_doctor_have_four_properties()
    {
        using var json = JsonDocument.Parse(recorded.Run("doctor", "--json"));

        json.RootElement.EnumerateArray().Should().HaveCountGreaterThan(8).And.OnlyContain(check =>
            string.Join(' ', check.EnumerateObject().Select(property => property.Name)) == "subject result finding advice");
    }

    /// <summary>The output without values that depend on the machine, the folder or the time, and without texts of other projects.</summary>
    private static string Steady(string json)
    {
        json = json.Replace(Repository.Root, "CHECKOUT").ReplaceLineEndings("\n");
        json = Time().Replace(json, "\"TIME\"");
        json = Key().Replace(json, "KEY");
        json = MeasuredNumber().Replace(json, "\"$1\": 0");
        json = MachineText().Replace(json, "\"$1\": \"…\"");
        return MachineList().Replace(json, "\"$1$2\": …");
    }

    [GeneratedRegex("\"\\d{4}-\\d\\d-\\d\\dT[^\"]*\"")]
    private static partial Regex Time();

    [GeneratedRegex("[0-9a-f]{64}|(?<=\")[0-9a-f]{10}(?=\")|(?<=-)[0-9a-f]{8}(?=\")")]
    private static partial Regex Key();

    [GeneratedRegex("\"(wallSeconds|cpuSeconds|deviceSeconds|peakBytes|threads|bytes|keptBytes|deletedBytes|distance|fid|low|high|value)\": [0-9][^,\\n]*")]
    private static partial Regex MeasuredNumber();

    [GeneratedRegex("\"(host|system|runtime|processor|numerics|tool|torchSharp|sha256|definition|reason|network|preprocessing|stage|what)\": \"[^\"]*\"")]
    private static partial Regex MachineText();

    [GeneratedRegex("\"(packages|files)\": \\{[^}]*\\}|\"(accelerators|warnings|notes)\": \\[[^\\]]*\\]")]
    private static partial Regex MachineList();

    /// <summary>A lab with two versions of an experiment, and annotations.</summary>
    public sealed class RecordedLab : IDisposable
    {
        private readonly LabFolder _lab = new();
        private readonly Dictionary<string, string> _words = [];

        public RecordedLab()
        {
            File.Copy(Repository.File("data/weights/inception.safetensors"), _lab.At("data/weights/inception.safetensors"), overwrite: true);
            Run("experiments/smoke.json", "--jobs", "1");
            Run("experiments/smoke.json", "--jobs", "1", "meanflow.training.steps=7");
            Run("tag", "smoke", "good", "first");
            Run("note", "smoke", "one \"note\"\nin two lines");
            Run("export", "smoke", "--to", "given.capsule");
            _words["{other}"] = Cell("select experiment from experiments where experiment <> 'smoke'");
            foreach (var arm in new[] { "mft", "mfd" })
                _words[$"{{{arm}}}"] = Cell($"select run from runs where experiment = 'smoke' and arm = '{arm}'");
            var key = Cell("select stage from stages where label = 'meanflow mfd' and experiment = 'smoke'");
            File.WriteAllText(_lab.At($"data/store/{key}/worker.1.log"), "first\n\u001b[2Jsecond\n");
            _words["{weights}"] = Repository.File("tests/Golden/safetensors/good.safetensors");
            _words["{samples}"] = Repository.File("tests/Golden/cases/is-sorted.npz");
            _words["{reference}"] = Repository.File("tests/Golden/cases/is-shuffled.npz");
        }

        public string Folder => _lab.Path;

        public string Run(params string[] words)
        {
            var answer = _lab.Run([.. words.Select(word => _words.GetValueOrDefault(word, word))]);
            answer.Code.Should().Be(ExitCode.Ok, answer.Error);
            return answer.Out;
        }

        public void Dispose() => _lab.Dispose();

        private string Cell(string sql) => Run("query", sql, "--csv").ReplaceLineEndings("\n").Split('\n')[1];
    }
}
