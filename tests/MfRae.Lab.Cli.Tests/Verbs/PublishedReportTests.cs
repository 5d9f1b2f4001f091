using System.Text;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>Pages that are kept come with their data, from which anyone renders them again.</summary>
public sealed class PublishedReportTests : IDisposable
{
    private readonly LabFolder lab = new();

    public void Dispose() => lab.Dispose();

    /// <summary>MFRAE_REWRITE_GOLDEN=1 renders them again, after a change of the report.</summary>
    [Fact]
    public void A_shipped_page_is_what_its_data_says()
    {
        foreach (var path in Directory.GetFiles(Path.Combine(Checkout.Root, "reports", "published"), "*" + RecordFile.Extension))
        {
            var page = path.Replace(RecordFile.Extension, ".html");
            var rendered = Reports.Page(RecordFile.Read(path));
            if (Environment.GetEnvironmentVariable("MFRAE_REWRITE_GOLDEN") == "1")
                File.WriteAllBytes(page, rendered);

            Encoding.UTF8.GetString(rendered).Should().Be(File.ReadAllText(page).ReplaceLineEndings("\n"), path);
        }
    }

    [Fact]
    public void Every_shipped_page_has_its_data() => Directory.GetFiles(Path.Combine(Checkout.Root, "reports", "published"), "*.html")
        .Should().OnlyContain(page => File.Exists(page.Replace(".html", RecordFile.Extension)));

    [Fact]
    public void A_published_page_is_rendered_again_from_its_data_alone()
    {
        lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);

        var published = lab.Run("report", "smoke", "--publish");

        published.Out.Should().ContainAll("reports/published/smoke.html", "reports/published/smoke.json.gz");
        File.ReadAllBytes(lab.At("reports/published/smoke.html")).Should().Equal(File.ReadAllBytes(lab.At("reports/smoke.html")));
        File.Delete(lab.At("data/lab.db"));
        lab.Run("report", "--from", "reports/published/smoke.json.gz", "--check").Code.Should().Be(ExitCode.Ok);
        File.AppendAllText(lab.At("reports/published/smoke.html"), " ");
        lab.Run("report", "--from", "reports/published/smoke.json.gz", "--check").Code.Should().Be(ExitCode.Incomparable);
        lab.Run("report", "--from", "reports/published/smoke.json.gz").Code.Should().Be(ExitCode.Ok);
        File.ReadAllBytes(lab.At("reports/published/smoke.html")).Should().Equal(File.ReadAllBytes(lab.At("reports/smoke.html")));
    }

    [Theory]
    [InlineData("", "cannot be read as the data of a report")]
    [InlineData("no gzip", "cannot be read as the data of a report")]
    public void What_is_no_data_is_refused(string content, string message)
    {
        lab.Write("reports/published/x.json.gz", content);

        var answer = lab.Run("report", "--from", "reports/published/x.json.gz");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain(message).And.Contain("x.json.gz");
    }

    [Theory]
    [InlineData("report", "--publish")]
    [InlineData("report", "smoke", "--from", "x.json.gz")]
    public void Options_that_do_not_go_together_are_usage(params string[] args) => lab.Run(args).Code.Should().Be(ExitCode.Usage);
}
