using System.Text;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Cli.Tests.Live;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests.Hostile;

/// <summary>A maliciously modified database renders to pages that only show its texts.</summary>
public sealed partial class HostileDatabaseTests : IDisposable
{
    // What pages of harmless data have only where something is missing, tied or long.
    private static readonly string[] Occasional = ["abbr", "abbr class", "abbr title", "strong", "td data-h", "li", "span title", "pre data-timing"];

    private readonly HostileDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Fact]
    public void The_texts_of_every_column_are_shown_as_text_on_every_page()
    {
        var clean = Pages().ToDictionary(page => page.Name, page => new HostilePage(page.Bytes));
        _database.Harm();
        var columns = _database.PoisonTexts();

        var pages = Pages();

        foreach (var (name, bytes) in pages)
            Harmless(new HostilePage(bytes), clean[name]);
        var text = string.Concat(pages.Select(page => new HostilePage(page.Bytes).Text));
        columns.Select(HostileDatabase.Mark).Distinct()
            .Where(mark => !text.Contains($"[{mark}]</script></style></title><script>", StringComparison.Ordinal))
            .Should().BeSubsetOf(Unshown, "a page shows the texts that it reads unchanged");
        pages.Zip(Pages())
            .Should().OnlyContain(pair => pair.First.Bytes.SequenceEqual(pair.Second.Bytes), "a page is a function of the database");
    }

    [Fact]
    public void The_tests_detect_active_content()
    {
        var page = new HostilePage(Encoding.UTF8.GetBytes(
            "<body onload=\"1\"><script>window.poisoned = 1</script><img src=\"http://x/\"><svg><path d=\"MNaN 1\"/></svg>\u202E"));

        page.Deeds.Should().Equal("onload=1", "src=http://x/");
        page.Scripts.Should().ContainSingle();
        page.Nowhere.Should().Equal("d=MNaN 1");
        page.Unseen.Should().Equal('\u202E');
        page.Shapes.Should().Contain("img src");
        var torn = () => new HostilePage([(byte)'a', 0xED, 0xA0, 0x80]);
        torn.Should().Throw<DecoderFallbackException>();
    }

    [Fact]
    public void Numbers_of_unmodified_arms_are_unchanged_and_an_arm_without_data_is_marked()
    {
        var clean = new HostilePage(Pages()[0].Bytes);
        _database.Harm();
        _database.PoisonTexts();

        var page = new HostilePage(Pages()[0].Bytes);

        foreach (var arm in new[] { "base", "good" })
            page.Numbers(Css(arm)).Should().NotBeEmpty().And.Equal(clean.Numbers(Css(arm)), arm);
        page.Numbers(Css("odd")).Should().BeEmpty();
        page.Verdict(Place("lost")).Should().Contain("no data");
        page.Verdict(Place("odd")).Should().Contain("no data");
        page.Verdict(Place("good")).Should().Contain("underpowered");
    }

    [Fact]
    public void Pages_are_harmless_even_if_roles_states_and_json_are_invalid()
    {
        var clean = Pages().ToDictionary(page => page.Name, page => new HostilePage(page.Bytes));
        _database.PoisonAll();

        var pages = Pages();

        foreach (var (name, bytes) in pages)
            Harmless(new HostilePage(bytes), clean[name]);
        pages.Zip(Pages()).Should().OnlyContain(pair => pair.First.Bytes.SequenceEqual(pair.Second.Bytes));
    }

    [Fact]
    public void A_mebibyte_of_markup_is_shown_completely()
    {
        var clean = new HostilePage(Pages()[0].Bytes);
        _database.Swell("experiment.question", "experiment.expectation", "experiment.title", "attempt.error", "attempt.host", "attempt.device",
            "attempt.command", "image.caption");

        var page = new HostilePage(Pages()[0].Bytes);

        Harmless(page, clean);
        page.Text.Split("<x-poison id=\"poison\">").Length.Should().BeGreaterThan(5 * 47_000);
    }

    [Fact]
    public void A_single_run_has_a_report()
    {
        var clean = new HostilePage(Pages()[0].Bytes);
        _database.KeepOneRun();
        _database.PoisonTexts();

        var page = new HostilePage(Pages()[0].Bytes);

        Harmless(page, clean);
        page.Numbers("a0").Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("../escaped")]
    [InlineData("/tmp/escaped")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("<b>")]
    public void A_name_of_an_experiment_does_not_become_a_path(string name)
    {
        _database.Execute("UPDATE experiment SET name = @attack", name);

        foreach (var args in new[] { new[] { "report" }, ["report", "--", name], ["report", "--publish", "--", name] })
        {
            var answer = _database.Lab.Run(args);

            answer.Code.Should().Be(ExitCode.Environment, answer.Error);
            answer.Error.Should().Contain("cannot be the name of a page");
        }

        _database.Lab.Exists("escaped.html").Should().BeFalse();
        File.Exists("/tmp/escaped.html").Should().BeFalse();
    }

    [Fact]
    public async Task A_browser_executes_none_of_the_texts()
    {
        Requires.Chromium();
        _database.Harm();
        _database.PoisonTexts();
        await using var browser = await BrowserPage.Start();
        using var server = new Served(_database);

        foreach (var address in new[] { "", "hostile.html" })
        {
            await browser.Open(new Uri(server.Address + address), 1000);

            ((bool)(await browser.Evaluate("window.poisoned === undefined"))!).Should().BeTrue();
            ((int)(await browser.Evaluate("document.querySelectorAll('x-poison, #poison, [data-poison], [onerror]').length"))!).Should().Be(0);
            browser.Complaints().Should().BeEmpty();
            browser.Requests().Should().OnlyContain(request => request.StartsWith(server.Address));
        }
    }

    /// <summary>The columns that no page shows: keys for joins, columns for other verbs, and JSON that counts as missing if it is invalid.</summary>
    private static readonly string[] Unshown =
        [
            "arm.levels", "attempt.boot_id", "attempt.files", "environment.packages", "experiment.contrasts", "experiment.evaluation",
            "experiment.first_run", "experiment.last_run", "note.note",
        ];

    private static void Harmless(HostilePage page, HostilePage clean)
    {
        page.Shapes.Should().BeSubsetOf(clean.Shapes.Concat(Occasional));
        page.Scripts.Should().Equal(clean.Scripts);
        page.Deeds.Should().BeEmpty();
        page.Nowhere.Should().BeEmpty();
        page.Unseen.Should().BeEmpty();
        page.DataCanBeRead();
    }

    private static string Css(string arm) => $"a{Place(arm)}";

    private static int Place(string arm) => Array.IndexOf(["thin", "odd", "lost", "base", "good"], arm);

    /// <summary>Every page there is: the report, the list of experiments, the board, and all as they are served.</summary>
    private List<(string Name, byte[] Bytes)> Pages()
    {
        using var read = LabDatabase.OpenReadOnly(_database.DatabaseFile);
        var queries = new RunQueries(read);
        var record = queries.Names().Select(queries.Experiment).Single()!;
        using var server = new Served(_database);
        return
        [
            ("report", ReportPages.Page(record)),
            .. new ReportPages(queries, LabPaths.Of(_database.Lab.Path)).Overviews().Select(page => (Path.GetFileName(page.File), page.Content)),
            ("served index", server.Get("/")),
            ("served board", server.Get("/board.html")),
            ("served report", server.Get($"/{Uri.EscapeDataString(record.Name)}.html")),
        ];
    }

    [GeneratedRegex("( data-(?:stamp|token)=)\"[^\"]*\"")]
    private static partial Regex OfThisServer();

    private sealed class Served : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly LabServer _server;
        private readonly Task _running;

        public Served(HostileDatabase database)
        {
            _server = new(
                database.DatabaseFile, new ArtifactStore(database.Lab.At("data/store")), 0,
                new RefreshPolicy(TimeSpan.FromMilliseconds(50), 100, TimeSpan.FromHours(1)), ProcessSignal.TryInterrupt, error => throw error,
                TimeProvider.System);
            _running = _server.Run(_stop.Token);
        }

        public string Address => _server.Address;

        /// <summary>A page without its token and stamp, which are others for each server.</summary>
        public byte[] Get(string target)
        {
            var visit = Visit.Ask(_server.Port, target).GetAwaiter().GetResult();
            visit.Status.Should().Be(200, visit.Body);
            return Encoding.UTF8.GetBytes(OfThisServer().Replace(visit.Body, "$1"));
        }

        public void Dispose()
        {
            _stop.Cancel();
            _running.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue();
            _server.Dispose();
            _stop.Dispose();
        }
    }
}
