using System.IO.Compression;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>Pages that are kept come with their data, from which anyone renders them again.</summary>
public sealed partial class PublishedReportTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    /// <summary>MFRAE_REWRITE_GOLDEN=1 renders them again, after a change of the report, and drops images from their data that they no longer show.</summary>
    [Fact]
    public void A_shipped_page_matches_its_data()
    {
        foreach (var path in Directory.GetFiles(Path.Combine(Checkout.Root, "reports", "published"), "*" + RecordFile.Extension))
        {
            var page = path.Replace(RecordFile.Extension, ".html");
            var record = PublishedRecord.WithoutPaths(RecordFile.Read(path));
            var rendered = ReportBuilder.Build(record);
            if (Environment.GetEnvironmentVariable("MFRAE_REWRITE_GOLDEN") == "1")
            {
                File.WriteAllText(page, rendered);
                File.WriteAllBytes(path, RecordFile.Write(record = PublishedRecord.Of(record, rendered)));
            }

            RecordFile.Read(path).Stages.SelectMany(stage => stage.Attempts).Select(attempt => attempt.Origin?.Run?.Command ?? "")
                .Should().OnlyContain(command => command == CommandText.WithoutPaths(command), path);
            rendered.Should().Be(File.ReadAllText(page).ReplaceLineEndings("\n"), path);
            Shown(record, rendered).Should().NotContain(false, "{0} holds no image that its page does not show", path);
        }
    }

    [Fact]
    public void Every_shipped_page_has_its_data() => Directory.GetFiles(Path.Combine(Checkout.Root, "reports", "published"), "*.html")
        .Should().OnlyContain(page => File.Exists(page.Replace(".html", RecordFile.Extension)));

    [Fact]
    public void A_published_page_is_rendered_again_from_its_data_alone()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);

        var published = _lab.Run("report", "smoke", "--publish");

        published.Out.Should().ContainAll("reports/published/smoke.html", "reports/published/smoke.json.gz");
        File.ReadAllBytes(_lab.At("reports/published/smoke.html")).Should().Equal(File.ReadAllBytes(_lab.At("reports/smoke.html")));
        File.Delete(_lab.At("data/lab.db"));
        _lab.Run("report", "--from", "reports/published/smoke.json.gz", "--check").Code.Should().Be(ExitCode.Ok);
        File.AppendAllText(_lab.At("reports/published/smoke.html"), " ");
        _lab.Run("report", "--from", "reports/published/smoke.json.gz", "--check").Code.Should().Be(ExitCode.Incomparable);
        _lab.Run("report", "--from", "reports/published/smoke.json.gz").Code.Should().Be(ExitCode.Ok);
        File.ReadAllBytes(_lab.At("reports/published/smoke.html")).Should().Equal(File.ReadAllBytes(_lab.At("reports/smoke.html")));
    }

    [Fact]
    public void Published_data_contains_only_the_images_of_its_page()
    {
        const string Smoke = "experiments/smoke.json";
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"seeds\": [0]", "\"seeds\": [0, 1]", StringComparison.Ordinal));
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        _lab.Run("report", "smoke", "--publish").Code.Should().Be(ExitCode.Ok);

        var page = File.ReadAllText(_lab.At("reports/published/smoke.html"));
        page.Should().Be(File.ReadAllText(_lab.At("reports/smoke.html")));
        Shown(RecordFile.Read(_lab.At("reports/published/smoke.json.gz")), page).Should().NotBeEmpty().And.NotContain(false);
        using (var database = LabDatabase.OpenReadOnly(_lab.At("data/lab.db")))
            Shown(new RunQueries(database).Experiment("smoke")!, page).Should().Contain(false, "the page shows one seed of two");
        _lab.Run("report", "--from", "reports/published/smoke.json.gz", "--check").Code.Should().Be(ExitCode.Ok);
        _lab.Run("report", "smoke", "--publish", "--check").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void Unversioned_data_is_read_by_the_rules_of_its_publication()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        _lab.Run("report", "smoke", "--publish").Code.Should().Be(ExitCode.Ok);
        var page = File.ReadAllText(_lab.At("reports/published/smoke.html"));
        Rewrite("reports/published/smoke.json.gz", json => IdentityFields().Replace(json, "$1").Replace("{\"version\":3,", "{"));

        _lab.Run("report", "--from", "reports/published/smoke.json.gz", "--check").Code.Should().Be(ExitCode.Ok);

        page.Should().Contain("<td>run</td><td>batch=");
    }

    [Fact]
    public void Data_of_a_newer_version_is_refused_by_its_number()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        _lab.Run("report", "smoke", "--publish").Code.Should().Be(ExitCode.Ok);
        Rewrite("reports/published/smoke.json.gz", json => json.Replace("{\"version\":3,", "{\"version\":99,"));

        var answer = _lab.Run("report", "--from", "reports/published/smoke.json.gz");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("has version 99").And.Contain("Update the program.");
    }

    private void Rewrite(string path, Func<string, string> change)
    {
        string json;
        using (var text = new StreamReader(new GZipStream(File.OpenRead(_lab.At(path)), CompressionMode.Decompress)))
            json = text.ReadToEnd();
        change(json).Should().NotBe(json);
        using var changed = new StreamWriter(new GZipStream(File.Create(_lab.At(path)), CompressionLevel.Fastest));
        changed.Write(change(json));
    }

    // Costs of training are newer than the fields, so there are none without them.
    [GeneratedRegex("(\\{\"metric\":\"(?!stepSeconds|peakMemory)[^{}]*?),\"device\":\"[^\"]*\",\"noise\":\"[^\"]*\",\"setting\":\"[^\"]*\"")]
    private static partial Regex IdentityFields();

    private static IEnumerable<bool> Shown(ExperimentRecord record, string page) => record.Stages.SelectMany(stage => stage.Images)
        .Select(image => page.Contains(Convert.ToBase64String(image.Png), StringComparison.Ordinal));

    [Theory]
    [InlineData("", "cannot be read as the data of a report")]
    [InlineData("no gzip", "cannot be read as the data of a report")]
    public void A_file_without_data_is_refused(string content, string message)
    {
        _lab.Write("reports/published/x.json.gz", content);

        var answer = _lab.Run("report", "--from", "reports/published/x.json.gz");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain(message).And.Contain("x.json.gz");
    }

    [Fact]
    public void Data_with_ambiguous_names_is_refused()
    {
        var whole = RecordFile.Read(Path.Combine(Checkout.Root, "reports/published/oracle-derivative.json.gz"));
        var wrong = new (ExperimentRecord Record, string Message)[]
        {
            (whole with { Arms = [] }, "it has no arm"),
            (whole with { Arms = [.. whole.Arms, whole.Arms[0]] }, $"it has the arm `{whole.Arms[0].Name}` twice"),
            (whole with { Stages = [.. whole.Stages, whole.Stages[0]] }, $"it has the stage `{whole.Stages[0].Key}` twice"),
        };
        Directory.CreateDirectory(_lab.At("data"));

        foreach (var (record, message) in wrong)
        {
            File.WriteAllBytes(_lab.At("data/x.json.gz"), RecordFile.Write(record));
            var answer = _lab.Run("report", "--from", "data/x.json.gz");
            answer.Code.Should().Be(ExitCode.Environment);
            answer.Error.Should().Contain(message);
        }
    }

    [Theory]
    [InlineData("report", "--publish")]
    [InlineData("report", "smoke", "--from", "x.json.gz")]
    public void Options_that_exclude_each_other_are_a_usage_error(params string[] args) => _lab.Run(args).Code.Should().Be(ExitCode.Usage);
}
