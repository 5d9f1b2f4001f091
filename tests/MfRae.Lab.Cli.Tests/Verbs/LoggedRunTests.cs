using System.Diagnostics;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.TestSupport;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>Runs that a Python program logs with python/mfrae_log.py, in database, page and store.</summary>
public sealed class LoggedRunTests : IDisposable
{
    private const string TwoArms = """
        for arm, seed, fid in (("wide", 0, 10.0), ("wide", 1, 12.0), ("narrow", 0, 20.0), ("narrow", 1, 21.0)):
            run = mfrae_log.Run("my-gan", arm=arm, seed=seed, config={"net": {"width": 64 if arm == "wide" else 32}, "lr": 1e-3}, baseline=arm == "narrow",
                                question="Does width help?")
            for step in range(1, 6):
                run.log(step, loss=1 / step, odd=float("nan") if step == 2 else step)
            run.value("fid", fid, samples=100)
            run.image(png, name="samples", caption="a pixel")
            run.finish()
        """;

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Arms_seeds_options_curves_values_and_images_arrive_where_those_of_the_lab_are()
    {
        Log(TwoArms);

        var answer = Import();

        answer.Out.Should().Be("my-gan: 4 runs, 4 completed; report: reports/my-gan.html\n");
        answer.Error.Should().BeEmpty();
        Query("select arm, n, mean from arms where experiment = 'my-gan' and metric = 'fid' order by arm").Should().Be("narrow,2,20.5\nwide,2,11");
        Query("select count(*), count(value), max(step) from metrics where experiment = 'my-gan'").Should().Be("40,36,5");
        Query("select status, count(*) from runs where experiment = 'my-gan' group by status").Should().Be("completed,4");
        Query("select count(*) from images where experiment = 'my-gan'").Should().Be("4");
        var page = File.ReadAllText(_lab.At("reports/my-gan.html"));
        page.Should().Contain("Does width help?").And.Contain("net.width").And.Contain("a pixel").And.Contain("Loss");
        _lab.Run("report", "--check").Code.Should().Be(ExitCode.Ok);
        _lab.Run("db", "check").Code.Should().Be(ExitCode.Ok);
        _lab.Run("verify", "my-gan").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void Importing_again_adds_only_what_was_logged_since()
    {
        Log(TwoArms);
        Import();
        var before = (Query("select * from evaluations order by 1, 2, 3, 4"), Query("select count(*) from metrics"));

        Import();
        (Query("select * from evaluations order by 1, 2, 3, 4"), Query("select count(*) from metrics")).Should().Be(before);

        Log("""
            with mfrae_log.Run("my-gan", arm="wide", seed=2, config={"net": {"width": 64}, "lr": 1e-3}) as run:
                run.log(1, loss=3)
            """);
        Import().Out.Should().Be("my-gan: 5 runs, 5 completed; report: reports/my-gan.html\n");
        Query("select count(*) from versions where experiment = 'my-gan'").Should().Be("1", "a new run is no new version");
    }

    [Fact]
    public void The_database_can_be_rebuilt_and_the_runs_exported()
    {
        Log(TwoArms);
        Import();
        var page = File.ReadAllText(_lab.At("reports/my-gan.html"));

        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);
        _lab.Run("report").Code.Should().Be(ExitCode.Ok);
        File.ReadAllText(_lab.At("reports/my-gan.html")).Should().Be(page);
        _lab.Run("export", "my-gan", "--to", "out/my-gan.capsule").Code.Should().Be(ExitCode.Ok);
        using var other = new LabFolder();
        other.Run("import", _lab.At("out/my-gan.capsule")).Code.Should().Be(ExitCode.Ok);
        File.ReadAllText(other.At("reports/my-gan.html")).Should().Be(page);
    }

    [Fact]
    public void A_run_that_is_killed_is_in_view_and_a_torn_line_does_no_harm()
    {
        Log("""
            run = mfrae_log.Run("torn", seed=1)
            run.log(1, loss=2)
            run.log(2, loss=1)
            run._file.write('{"seq": 4, "at"')
            run._file.flush()
            os._exit(9)
            """, code: 9);

        Import().Out.Should().Be("torn: 1 runs, 0 completed; report: reports/torn.html\n");

        Query("select status from runs where experiment = 'torn'").Should().Be("interrupted");
        Query("select step, value from metrics where experiment = 'torn' order by step").Should().Be("1,2\n2,1");
    }

    [Theory]
    [InlineData("raise ValueError('no data')", "failed", 1)]
    [InlineData("run.finish('no data')", "failed", 0)]
    [InlineData("pass", "completed", 0)]
    public void The_end_of_the_program_is_the_end_of_the_run(string last, string status, int code)
    {
        Log($"run = mfrae_log.Run('x')\nrun.log(1, loss=1)\n{last}", code);

        Import();

        Query("select status from runs where experiment = 'x'").Should().Be(status);
        if (status == "failed")
            Query("select error from attempts where experiment = 'x'").Should().Contain("no data");
    }

    [Fact]
    public void Of_two_runs_of_an_arm_and_seed_the_later_counts()
    {
        Log("mfrae_log.Run('x').value('fid', 1)");
        Log("mfrae_log.Run('x').value('fid', 2)");

        var answer = Import();

        answer.Error.Should().Contain("left out, because a later run has the same arm run and seed 0");
        Query("select value from evaluations where experiment = 'x' and role = 'evaluation'").Should().Be("2");
    }

    [Fact]
    public void Files_that_are_not_those_of_a_run_are_refused()
    {
        _lab.Write("empty/x.txt", "");
        _lab.Run("import", "empty").Should().Match<Answer>(answer => answer.Code == ExitCode.Environment && answer.Error.Contains("has no runs"));
        _lab.Run("import", "missing", "--watch").Error.Should().Contain("missing is not a folder");
        _lab.Write("bad/run.json", Record("../x", "run"));
        _lab.Run("import", "bad").Error.Should().Contain("is not a valid name of an experiment");
        _lab.Write("bad/run.json", Record("x", "a b"));
        _lab.Run("import", "bad").Error.Should().Contain("is not a valid name of an arm");
        _lab.Write("bad/run.json", """{ "format": 2 }""");
        _lab.Run("import", "bad").Error.Should().Contain("update the program");
        _lab.Write("bad/run.json", Record("x", "run"));
        _lab.Write("bad/journal.jsonl", Line(1, """{"type":"started","attempt":1,"host":"","pid":1,"bootId":"","device":"python","threads":1}""")
            + Line(2, """{"type":"image","name":"s","file":"../secret.png","caption":""}"""));
        _lab.Run("import", "bad").Error.Should().Contain("line 2: the image does not have a valid file name");
        _lab.Exists("data/store").Should().BeTrue();
    }

    [Fact]
    public void An_experiment_of_the_lab_keeps_its_name()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        Log("mfrae_log.Run('smoke').value('fid', 1)");

        _lab.Run("import", "runs").Error.Should().Contain("smoke is an experiment of the lab");
    }

    [Fact]
    public async Task A_watched_folder_is_imported_whenever_it_grows()
    {
        Requires.Python();
        Directory.CreateDirectory(_lab.At("runs"));
        var watching = Task.Run(() => _lab.Run("import", "runs", "--watch"));

        Log("mfrae_log.Run('x').value('fid', 1)");
        Until(() => File.Exists(_lab.At("reports/x.html")));
        Log("mfrae_log.Run('x', seed=1).value('fid', 2)");
        Until(() => Query("select count(*) from runs where experiment = 'x'") == "2");
        _lab.Signals.Receive(ExitCode.Interrupted);

        var answer = await watching.WaitAsync(TimeSpan.FromMinutes(1));
        answer.Out.Should().StartWith("x: 1 runs, 1 completed").And.Contain("x: 2 runs, 2 completed");
    }

    private static void Until(Func<bool> done)
    {
        var clock = Stopwatch.StartNew();
        while (!done() && clock.Elapsed < TimeSpan.FromMinutes(1))
            Thread.Sleep(100);
        done().Should().BeTrue();
    }

    private static string Record(string experiment, string arm) => $$"""
        { "format": 1, "id": "00000000000000000000000000000001", "experiment": "{{experiment}}", "arm": "{{arm}}", "seed": 0, "baseline": false,
          "question": "", "started": "2026-01-01T00:00:00Z", "config": {}, "command": "" }
        """;

    private static string Line(int number, string entry) => $$"""{"seq":{{number}},"at":"2026-01-01T00:00:00Z","event":{{entry}}}""" + "\n";

    private Answer Import()
    {
        var answer = _lab.Run("import", "runs");
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer;
    }

    // The rows of a query without its header.
    private string Query(string sql)
    {
        var answer = new Answer(0, "", "");
        using var folder = new Reader(_lab.Path);
        answer = folder.Run("query", sql, "--csv");
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return string.Join('\n', answer.Out.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Skip(1));
    }

    private void Log(string body, int code = 0)
    {
        Requires.Python();
        const string start = """
            import base64, os, sys
            sys.path.insert(0, sys.argv[1])
            import mfrae_log
            png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")

            """;
        _lab.Write("log.py", start + body);
        var program = new ProcessStartInfo("python3", [_lab.At("log.py"), Path.Combine(Checkout.Root, "python")])
        {
            WorkingDirectory = _lab.Path,
            RedirectStandardError = true,
        };
        program.Environment.Remove("MFRAE_LOG");
        using var process = Process.Start(program)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(code, error);
    }

    /// <summary>A second command line in the same folder, while the first still runs.</summary>
    private sealed class Reader(string path) : IDisposable
    {
        private readonly StopSignals _signals = new();

        public Answer Run(params string[] args)
        {
            var (output, error) = (new StringWriter(), new StringWriter());
            var lab = new LabContext(
                new Terminal(output, error, null, null, null), path, new ThreadLauncher(definition => new FakeStage(definition, null), null),
                () => Stream.Null, _signals, TimeProvider.System);
            return new(Program.Run(args, lab), output.ToString(), error.ToString());
        }

        public void Dispose() => _signals.Dispose();
    }
}
