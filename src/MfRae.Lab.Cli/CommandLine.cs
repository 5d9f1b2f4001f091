using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli;

/// <summary>
/// The verbs and their options. The flags of `run` are run settings: none is part of a key, and only the device changes numbers, by rounding.
/// </summary>
public sealed class CommandLine(Composition composition)
{
    /// <summary>The name of the argument that takes `path.to.option=value`.</summary>
    internal const string Override = "OVERRIDE";

    private readonly Option<string> _store = new("--store")
    {
        Description = $"Folder of the stages' outputs [default: {LabPaths.DefaultStore}]",
        HelpName = "DIR",
        Recursive = true,
    };

    private readonly Option<string> _database = new("--db")
    {
        Description = $"The results database [default: {LabPaths.DefaultDatabase}]",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<string> _reports = new("--reports")
    {
        Description = $"Folder of the HTML reports [default: {LabPaths.DefaultReports}]",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary>A bare path of an experiment file means run.</summary>
    public static string[] Expand(string[] args) =>
        args is [var first, ..] && first.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && !first.StartsWith('-')
            ? ["run", .. args]
            : args;

    public RootCommand Build()
    {
        var root = Root();
        foreach (var command in new RecordCommands(composition, PlacesOf).Build())
            root.Add(command);
        foreach (var command in new StoreCommands(composition, PlacesOf).Build())
            root.Add(command);
        foreach (var command in new ExchangeCommands(composition, PlacesOf).Build())
            root.Add(command);
        root.SetAction(_ => HelpText.WriteStart(root, composition.Terminal.Out));
        HelpText.AddExamples(root);
        return root;
    }

    private RootCommand Root() => new("A research harness for few-step generative models: MeanFlow in the latent space of "
        + "representation autoencoders. A bare FILE.json means `run FILE.json`; path.to.option=value after it changes an option.")
    {
        _store,
        _database,
        _reports,
        RunCommand(),
        PlanCommand(),
        ValidateCommand.Build(composition),
        ProfileCommand(),
        SchemaCommand(),
        LsCommand(),
        ShowCommand(),
        QueryCommand(),
        ReportCommand(),
        ServeCommand.Build(composition, PlacesOf),
        new EvaluateCommand().Build(composition, PlacesOf),
        WeightsCommand.Build(composition),
        WorkerCommand(),
    };

    private LabPaths PlacesOf(ParseResult parsed) =>
        LabPaths.Of(composition.WorkingDirectory, parsed.GetValue(_store), parsed.GetValue(_database), parsed.GetValue(_reports));

    private Command RunCommand()
    {
        var file = FileArgument();
        var overrides = OverridesArgument();
        var plan = new Option<bool>("--plan") { Description = "Say what would run, and stop" };
        var only = OnlyOption();
        var device = DeviceOption.Create();
        var jobs = new Option<int>("--jobs") { Description = "Stages that may run at once, with `--device cuda` on a GPU each; 0 chooses by the machine", HelpName = "N" };
        jobs.Validators.Add(result => RequireFrom(0, result));
        var fresh =
            new Option<bool>("--fresh") { Description = "Set aside what is there of the plan's stages, and compute all of it again" };
        var keepGoing = new Option<bool>("--keep-going") { Description = "After a failure go on with what does not need it [default]" };
        var failFast = new Option<bool>("--fail-fast") { Description = "Stop at the first failure" };
        var retryFailed = new Option<bool>("--retry-failed")
        {
            Description = "Compute stages from their beginning that failed or diverged before; without it those that failed go on from "
                + "their checkpoint, and those that diverged are left alone",
        };
        var noWait = new Option<bool>("--no-wait") { Description = "Give up where another process computes a stage that is needed" };
        var checkpointEvery = new Option<int>("--checkpoint-every")
        {
            Description = "Seconds between two checkpoints of a training",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => new RunSettings().CheckpointSeconds,
        };
        checkpointEvery.Validators.Add(result => RequireFrom(0, result));
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Lines for changes of state only, no progress between them" };
        var json = new Option<bool>("--json") { Description = "Results as JSON" };
        var command = new Command("run", "Run an experiment: what is complete is reused, what was interrupted goes on")
        {
            file, overrides, plan, only, device, jobs, fresh, keepGoing, failFast, retryFailed, noWait, checkpointEvery, quiet, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(keepGoing) && result.GetValue(failFast))
                result.AddError("--keep-going and --fail-fast exclude each other");
        });
        command.SetAction(parsed => parsed.GetValue(plan)
            ? composition.Plan(PlacesOf(parsed)).Execute(
                parsed.GetRequiredValue(file), parsed.GetValue(overrides) ?? [], parsed.GetValue(only) ?? [])
            : composition.Run(PlacesOf(parsed)).Execute(new RunRequest(
                parsed.GetRequiredValue(file),
                parsed.GetValue(overrides) ?? [],
                parsed.GetValue(only) ?? [],
                parsed.GetRequiredValue(device),
                parsed.GetValue(jobs),
                parsed.GetValue(fresh),
                parsed.GetValue(failFast),
                parsed.GetValue(retryFailed),
                !parsed.GetValue(noWait),
                parsed.GetValue(checkpointEvery),
                parsed.GetValue(quiet),
                parsed.GetValue(json),
                [.. parsed.Tokens.Select(token => token.Value)])));
        return command;
    }

    private Command PlanCommand()
    {
        var file = FileArgument();
        var overrides = OverridesArgument();
        var only = OnlyOption();
        var command = new Command("plan", "Say what would run, what is cached, and what the seeds can show") { file, overrides, only };
        command.SetAction(parsed => composition.Plan(PlacesOf(parsed))
            .Execute(parsed.GetRequiredValue(file), parsed.GetValue(overrides) ?? [], parsed.GetValue(only) ?? []));
        return command;
    }

    private Command ProfileCommand()
    {
        var file = FileArgument();
        var overrides = OverridesArgument();
        var json = new Option<bool>("--json") { Description = "As JSON: multiply-adds and bytes, not rounded" };
        var command = new Command("profile", "Say what the networks of an experiment cost; needs none of the files that it names")
        {
            file, overrides, json,
        };
        command.SetAction(parsed => composition.Profile().Execute(
            parsed.GetRequiredValue(file), parsed.GetValue(overrides) ?? [], parsed.GetValue(json)));
        return command;
    }

    private Command SchemaCommand()
    {
        var command = new Command("schema", "Write the JSON Schema of experiment files");
        command.SetAction(_ => composition.Schema().Execute());
        return command;
    }

    private Command LsCommand()
    {
        var experiment =
            new Argument<string?>("EXPERIMENT") { Description = "Its name, or a version as NAME@1; all where absent", Arity = ArgumentArity.ZeroOrOne };
        var arm = new Option<string>("--arm") { Description = "Only this arm", HelpName = "ARM" };
        var status = new Option<string>("--status") { Description = "Only runs in this state", HelpName = "STATUS" };
        var all = new Option<bool>("--all") { Description = "Those of archived experiments too" };
        var json = JsonOption();
        var command = new Command("ls", "List runs") { experiment, arm, status, all, json };
        command.SetAction(parsed => composition.Ls(PlacesOf(parsed)).Execute(
            new RunFilter(parsed.GetValue(experiment), parsed.GetValue(arm), null, parsed.GetValue(status)),
            parsed.GetValue(all),
            parsed.GetValue(json)));
        return command;
    }

    private Command ShowCommand()
    {
        var id = new Argument<string>("ID") { Description = "The first digits of a run's id, as many as make it unique" };
        var json = JsonOption();
        var command = new Command("show", "Show a run's stages and measurements") { id, json };
        command.SetAction(parsed => composition.Show(PlacesOf(parsed)).Execute(parsed.GetRequiredValue(id), parsed.GetValue(json)));
        return command;
    }

    private Command QueryCommand()
    {
        var sql = new Argument<string>("SQL") { Description = "For example: select arm, metric, mean, sd, n from arms" };
        var json = new Option<bool>("--json") { Description = "Rows as JSON objects" };
        var csv = new Option<bool>("--csv") { Description = "Rows as CSV" };
        var limit = new Option<int>("--limit") { Description = "Rows at most", HelpName = "N", DefaultValueFactory = _ => 1000 };
        limit.Validators.Add(result => RequireFrom(1, result));
        var command = new Command("query", "Ask the database, in SQL that only reads") { sql, json, csv, limit };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(csv))
                result.AddError("--json and --csv exclude each other");
        });
        command.SetAction(parsed => composition.Query(PlacesOf(parsed)).Execute(
            parsed.GetRequiredValue(sql),
            parsed.GetValue(json) ? QueryFormat.Json : parsed.GetValue(csv) ? QueryFormat.Csv : QueryFormat.Table,
            parsed.GetValue(limit)));
        return command;
    }

    private Command ReportCommand()
    {
        var experiment =
            new Argument<string?>("EXPERIMENT") { Description = "Its name or file; all where absent", Arity = ArgumentArity.ZeroOrOne };
        var check = new Option<bool>("--check") { Description = "Write nothing; exit 3 where a page differs from what the database says" };
        var publish = new Option<bool>("--publish") { Description = "Put the page and its data in REPORTS/published, where they can be committed" };
        var from = new Option<string>("--from") { Description = "Render the page of published data beside it", HelpName = "FILE.json.gz" };
        var against = new Option<string>("--against")
        {
            Description = "Render a page of the experiment and this one side by side, REPORTS/EXPERIMENT-vs-OTHER.html; each may be the file of "
                + "published data. Exit 3 where values are not comparable",
            HelpName = "OTHER",
        };
        var command = new Command("report", "Render HTML reports from the database") { experiment, check, publish, from, against };
        command.Validators.Add(result =>
        {
            if (result.GetValue(publish) && result.GetValue(experiment) is null)
                result.AddError("--publish needs the experiment to publish");
            if (result.GetValue(from) is not null && (result.GetValue(publish) || result.GetValue(experiment) is not null))
                result.AddError("--from stands for the database: it goes with neither an experiment nor --publish");
            if (result.GetValue(against) is not null && (result.GetValue(publish) || result.GetValue(experiment) is null))
                result.AddError("--against needs the experiment that it is compared with, and does not go with --publish");
        });
        command.SetAction(parsed =>
        {
            var verb = composition.Report(PlacesOf(parsed));
            var (name, checks) = (parsed.GetValue(experiment), parsed.GetValue(check));
            return parsed.GetValue(against) is { } other
                    ? composition.ReportAgainst(PlacesOf(parsed)).Execute(name!, other, checks)
                : parsed.GetValue(from) is { } data ? verb.Render(data, checks)
                : parsed.GetValue(publish) ? verb.Publish(name!, checks)
                : verb.Execute(name, checks);
        });
        return command;
    }

    private Command WorkerCommand()
    {
        var folder = new Argument<string>("FOLDER");
        var command = new Command("worker", "Compute one stage") { folder };
        command.Hidden = true;
        command.SetAction(parsed => composition.Worker().Execute(parsed.GetRequiredValue(folder)));
        return command;
    }

    // By the token itself: asking for the value of a word that is no number throws.
    private static void RequireFrom(int least, OptionResult result)
    {
        if (result.Tokens is [var token]
            && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least))
            result.AddError($"{result.Option.Name} takes a number from {least}");
    }

    private static Option<bool> JsonOption() => new("--json") { Description = "As JSON" };

    private static Argument<string> FileArgument() => new("FILE") { Description = "The experiment file" };

    internal static Argument<string[]> OverridesArgument() => new(Override)
    {
        Description = "path.to.option=value for every arm, or seeds=0-5",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static Option<string[]> OnlyOption() =>
        new("--only") { Description = "Only the runs of this arm; may be repeated", HelpName = "ARM" };
}

/// <summary>The option `--device`.</summary>
internal static class DeviceOption
{
    public static Option<string> Create()
    {
        var device = new Option<string>("--device")
        {
            Description = "auto, cpu, cuda or cuda:N; another device changes numbers by rounding",
            HelpName = "DEVICE",
            DefaultValueFactory = _ => "auto",
        };
        device.Validators.Add(result =>
        {
            var name = result.GetValueOrDefault<string>();
            if (name is not ("auto" or "cpu" or "cuda")
                && !(name?.StartsWith("cuda:", StringComparison.Ordinal) == true && uint.TryParse(name[5..], out _)))
                result.AddError($"unknown device '{name}': use auto, cpu, cuda or cuda:N");
        });
        return device;
    }
}
