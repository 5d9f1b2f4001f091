using System.Buffers;

namespace MfRae.Lab.Reporting.Data;

/// <summary>The queries that return the numbers of each table, against the documented views of the database.</summary>
internal sealed class Sql(string experiment)
{
    private readonly string _name = Literal(experiment);

    public SqlQuery Results => new($"""
        select arm, metric, mean, sd, n, seeds, samples, extractor, preprocessing, reference, device, noise, setting
        from arms
        where experiment = {_name};
        """);

    public SqlQuery Teacher => new($"""
        select distinct role, stage, metric, value, low, high, samples, extractor, preprocessing, reference, device, noise, setting
        from evaluations
        where experiment = {_name} and role not in ('evaluation', 'sampling', 'teacherSampling');
        """);

    /// <summary>A step of these series is δ in billionths.</summary>
    public SqlQuery DerivativeCurves => new($"""
        select r.arm, r.seed, m.name, m.step * 1e-9 as delta, m.value
        from run_stages r
        join metrics m on m.experiment = r.experiment and m.stage = r.stage
        where r.experiment = {_name} and r.role = 'derivativeError';
        """);

    public SqlQuery DerivativeErrors => new($"""
        select arm, metric, mean, sd, n
        from arms
        where experiment = {_name} and name like 'derivativeError%';
        """);

    public SqlQuery Oracle => new($"""
        select distinct arm, seed, role, metric, value, low, high, samples
        from evaluations
        where experiment = {_name} and role in ('dataset', 'evaluation');
        """);

    /// <summary>Intervals over samples, the FID floor, the corruption levels, and memorisation.</summary>
    public SqlQuery EvaluationReliability => new($"""
        select distinct arm, seed, role, metric, value, low, high, samples
        from evaluations
        where experiment = {_name} and role in ('evaluation', 'ladder');
        """);

    /// <param name="roles">Roles of the trainings whose cost is included.</param>
    public SqlQuery Costs(IEnumerable<string> roles) => new($"""
        select r.arm, r.seed, r.role, c.label, c.flops, c.wall_seconds, c.cpu_seconds, c.device_seconds, c.peak_bytes
        from run_stages r
        join costs c on c.experiment = r.experiment and c.stage = r.stage
        where r.experiment = {_name} and r.role in ({string.Join(", ", roles.Append("sampling").Select(Literal))});
        """);

    /// <summary>The cost per image and a metric, for arms and teacher.</summary>
    public SqlQuery ImageCosts(string metric) => new($"""
        select distinct role, arm, seed, name, steps, value
        from evaluations
        where experiment = {_name} and role in ('evaluation', 'sampling', 'teacherEvaluation', 'teacherSampling')
          and (name like 'gflops.%' or name = {Literal(metric)})
        order by steps, arm, seed;
        """);

    /// <param name="kind">The kind of the stages.</param>
    public SqlQuery Machine(string kind) => new($"""
        select stage, label, attempt, seconds, cores, memory, read_rate, write_rate, gpu, gpu_memory, gpu_watts, gpu_joules
        from machine
        where experiment = {_name} and kind = {Literal(kind)};
        """);

    public SqlQuery Stages => new($"""
        select s.label, s.kind, s.stage, s.runs, s.status, s.reason, c.attempts, c.wall_seconds, c.cpu_seconds, c.peak_bytes
        from stages s
        join costs c on c.experiment = s.experiment and c.stage = s.stage
        where s.experiment = {_name};
        """);

    /// <summary>How each run ended.</summary>
    public SqlQuery Runs => new($"""
        select arm, seed, status
        from runs
        where experiment = {_name};
        """);

    public SqlQuery Failures => new($"""
        select label, attempt, status, error, log
        from attempts
        where experiment = {_name} and status <> 'completed';
        """);

    /// <summary>The attempts without a result, of all versions of the experiment.</summary>
    public SqlQuery Versions => new($"""
        select version, current, label, attempt, status, error
        from version_attempts
        where experiment = {_name} and status <> 'completed';
        """);

    public SqlQuery Attempts => new($"""
        select label, attempt, host, device, threads, started
        from attempts
        where experiment = {_name};
        """);

    /// <summary>The pairs of values that a verdict compares, one for each seed.</summary>
    public SqlQuery Pairs(string metric) => new($"""
        select a.arm, a.seed, b.value as baseline, a.value, a.value - b.value as difference
        from run_values a
        join runs r on r.experiment = a.experiment and r.seed = a.seed and r.baseline = 1
        join run_values b on b.experiment = a.experiment and b.run = r.run and b.metric = a.metric
        where a.experiment = {_name} and a.metric = {Literal(metric)} and a.arm <> r.arm and a.pilot = 0;
        """);

    public SqlQuery Curves(string kind) => new($"""
        select label, seed, name, step, value
        from metrics
        where experiment = {_name} and kind = {Literal(kind)};
        """);

    /// <summary>FID by training step.</summary>
    public SqlQuery Snapshots => new($"""
        select r.arm, r.seed, m.step, m.value as fid
        from run_stages r
        join metrics m on m.experiment = r.experiment and m.stage = r.stage
        where r.experiment = {_name} and r.role = 'snapshots';
        """);

    private static string Literal(string text) => $"'{text.Replace("'", "''")}'";
}

/// <summary>A query that a page shows.</summary>
internal sealed record SqlQuery(string Text)
{
    /// <summary>The shell command that runs the query.</summary>
    public string Command => ShellCommand.Query(Text);
}

/// <summary>Commands for readers to run.</summary>
internal static class ShellCommand
{
    // Characters with a meaning between double quotes: in every POSIX shell, and `!` in interactive shells.
    private static readonly SearchValues<char> Special = SearchValues.Create("\"\\$`!");

    /// <summary>The command that runs a query.</summary>
    public static string Query(string sql) => $"dotnet run -- query {Word(sql)}";

    /// <summary>
    /// Quotes a text as one word for a POSIX shell: in double quotes if it has no character with a meaning there, because SQL contains many
    /// single quotes; else in single quotes.
    /// </summary>
    public static string Word(string text) => text.AsSpan().ContainsAny(Special)
        ? $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'"
        : $"\"{text}\"";
}
