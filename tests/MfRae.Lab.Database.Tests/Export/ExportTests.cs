using System.Globalization;
using System.Security.Cryptography;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Export;
using MfRae.Lab.Database.Tests.Support;
using MfRae.Lab.Database.Writing;
using Lines = MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests.Export;

/// <summary>DuckDB and TorchSharp read every cell of every view as the database has it.</summary>
public sealed class ExportTests : IDisposable
{
    private const string Nasty = "=1+1\r\n\"quoted\", and , commas\u202e <img src=x> {{ 1 }}";
    private readonly Support.Lab _lab = new();

    public ExportTests()
    {
        var plan = Plans.Of(arms: ["b/../x", "a"], question: Nasty);
        _lab.Begin(plan with { Experiment = plan.Experiment with { Files = [new("a.json", Nasty[1..]), new("b.json", "{}", 5)] } });
        _lab.Begin(Plans.Of("another", "hash-2", arms: ["other"]));
        _lab.Tell(Plans.Training("a", 0), 1, Lines.Started(1), Lines.Loss(1, 0.1), Lines.Loss(2, 1.0 / 3), Lines.Loss(3, null),
            Lines.Loss(4, double.Epsilon), Lines.Finished());
        _lab.Tell(Plans.Training("b/../x", 1), 1, Lines.Started(1), Lines.Loss(1, double.MaxValue), Lines.Finished("failed", error: ""));
        _lab.Tell(Plans.Training("other", 0), 1, Lines.Started(1), Lines.Loss(7, 7), Lines.Finished());
        _lab.Tell(Plans.Evaluation("a", 0), 1, Lines.Started(1), Lines.Measured("fid", 12.5), Lines.Measured("fid", 13, reference: "r2"),
            Lines.Measured("is", null, steps: 2, higher: null), Lines.Finished());
        using var database = LabDatabase.OpenExisting(_lab.Path);
        new AnnotationWriter(database).Replace(new Annotations(1,
            [new(Annotation.Experiment, "ablation", "good"), new(Annotation.Run, Plans.Run("a", 0), "best"), new(Annotation.Experiment, "another", "no")],
            [new(Annotation.Experiment, "ablation", Nasty), new(Annotation.Experiment, "another", "no")], []));
    }

    public void Dispose() => _lab.Dispose();

    private string Target => Path.Combine(_lab.Folder, "out");

    [Fact]
    public void DuckDB_reads_the_CSV_files_as_the_database()
    {
        var outcome = Export(ExportFormat.Csv);

        foreach (var view in ExportView.All)
        {
            var (columns, rows) = DuckDb.Csv(Path.Combine(Target, view.Name + ".csv"));
            columns.Should().Equal(Columns(view.Name));
            rows.Should().BeEquivalentTo(
                Expected(view).Select(row => row.Select(Text).ToList()), options => options.WithStrictOrdering(), view.Name);
        }

        Rows("metrics.csv", outcome).Should().Be(5);
        outcome.Warnings.Should().ContainSingle(warning => warning.Contains("notes.csv", StringComparison.Ordinal)).And.HaveCount(3);
    }

    [Fact]
    public void DuckDB_reads_the_Parquet_files_as_the_database()
    {
        var outcome = Export(ExportFormat.Parquet);

        foreach (var view in ExportView.All)
        {
            var expected = Expected(view);
            Rows(view.Name + ".parquet", outcome).Should().Be(expected.Count);
            var (columns, rows) = DuckDb.Parquet(Path.Combine(Target, view.Name + ".parquet"));
            columns.Should().Equal(Columns(view.Name));
            rows.Should().BeEquivalentTo(expected, options => options.WithStrictOrdering(), view.Name);
        }
    }

    [Fact]
    public void Parquet_files_have_row_groups_and_lose_no_row_between_two_groups()
    {
        var path = Path.Combine(_lab.Folder, "long.parquet");
        using (var writer = new ParquetRowWriter(path, [new("i", CellType.Integer), new("x", CellType.Real), new("t", CellType.Text)]))
        {
            for (var i = 0L; i <= ParquetRowWriter.RowsPerGroup * 2; i++)
            {
                writer.Write([i, i % 3 == 0 ? null : i / 7.0, i % 5 == 0 ? null : "t"]);
            }

            writer.Finish();
        }

        DuckDb.ParquetGroups(path).Should().Be(3);
        var (_, rows) = DuckDb.Parquet(path);
        rows.Should().HaveCount((ParquetRowWriter.RowsPerGroup * 2) + 1);
        rows.Select((row, i) => (long)row[0]! == i && (double?)row[1] == (i % 3 == 0 ? null : i / 7.0)).Should().OnlyContain(same => same);
    }

    [Fact]
    public void TensorBoard_has_a_run_for_each_arm_and_seed_with_all_points_and_measurements()
    {
        Export(ExportFormat.TensorBoard);

        var folder = Path.Combine(Target, "tensorboard");
        Directory.GetDirectories(folder).Should().HaveCount(4);
        var events = EventReader.Read(Path.Combine(folder, "a-seed0", "events.out.tfevents.0.lab"));
        events[0].FileVersion.Should().Be("brain.Event:2");
        var points = events.Skip(1).Select(entry => (entry.WallTime, entry.Step, Summary: entry.Summary.Value.Should().ContainSingle().Subject)).ToList();
        points.Should().OnlyContain(point => point.Summary.Metadata.PluginData.PluginName == "scalars"
            && point.Summary.Metadata.DataClass == Tensorboard.DataClass.Scalar
            && point.Summary.Tensor.Dtype == Tensorboard.DataType.DtDouble && point.Summary.Tensor.DoubleVal.Count == 1);
        var loss = points.Where(point => point.Summary.Tag == "meanflow/loss").ToList();
        loss.Select(point => (point.Step, point.Summary.Tensor.DoubleVal[0])).Should().Equal(
            (1, 0.1), (2, 1.0 / 3), (3, double.NaN), (4, double.Epsilon));
        loss.Select(point => point.WallTime).Should().Equal(
            _lab.Rows($"select wall from metrics where stage = '{Plans.Training("a", 0)}' order by step").Select(row => (double)row[0]!));
        var fid = points.Where(point => point.Summary.Tag.StartsWith("evaluation/fid@1", StringComparison.Ordinal)).ToList();
        fid.Select(point => point.Summary.Tensor.DoubleVal[0]).Should().BeEquivalentTo([12.5, 13]);
        fid.Select(point => point.Summary.Tag).Should().OnlyHaveUniqueItems("values that may not be compared are not on one curve");
        fid.Should().OnlyContain(point => point.WallTime > 1e9
            && point.Summary.Metadata.SummaryDescription.Contains("reference r", StringComparison.Ordinal));
        points.Should().ContainSingle(point => point.Summary.Tag == "evaluation/is@2").Which.Summary.Tensor.DoubleVal[0].Should().Be(double.NaN);
        Directory.GetFiles(_lab.Folder, "*", SearchOption.AllDirectories)
            .Should().OnlyContain(file => file.StartsWith(Target, StringComparison.Ordinal) || file.StartsWith(_lab.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void The_index_names_every_file_and_its_hash_and_two_exports_are_the_same_bytes()
    {
        var outcome = Export(ExportFormat.Csv, ExportFormat.Parquet, ExportFormat.TensorBoard);
        var files = outcome.Index.Files;
        files.Select(file => file.Name).Append("export.json").Should().BeEquivalentTo(
            Directory.GetFiles(Target, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Target, file).Replace('\\', '/')));
        files.Should().OnlyContain(file => file.Sha256 == Hash(Path.Combine(Target, file.Name))
            && file.Size == new FileInfo(Path.Combine(Target, file.Name)).Length);

        var again = new ExperimentExport(Open()).Write("ablation", Target + "2", Enum.GetValues<ExportFormat>());

        again.Index.Should().BeEquivalentTo(outcome.Index);
    }

    [Fact]
    public void A_folder_without_an_export_is_never_replaced()
    {
        Directory.CreateDirectory(Target);
        Export(ExportFormat.Csv);
        Export().Invoking(write => write(false)).Should().Throw<LabException>().WithMessage("*--force*");
        Export()(true);

        File.Delete(Path.Combine(Target, "export.json"));
        foreach (var force in new[] { false, true })
        {
            Export().Invoking(write => write(force)).Should().Throw<LabException>().WithMessage("*not empty*");
        }

        File.Exists(Path.Combine(Target, "runs.csv")).Should().BeTrue();
        Directory.GetDirectories(_lab.Folder, "*.aside*").Should().BeEmpty();
    }

    [Fact]
    public void A_stopped_export_leaves_no_file()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        using var database = LabDatabase.OpenReadOnly(_lab.Path);

        var act = () => new ExperimentExport(database).Write("ablation", Target, [ExportFormat.Csv], stop: stop.Token);

        act.Should().Throw<OperationCanceledException>();
        Directory.GetDirectories(_lab.Folder).Should().Equal(Path.GetDirectoryName(_lab.Path));
    }

    [Fact]
    public void Every_public_view_is_exported() => ExportView.All.Select(view => view.Name).Should().BeEquivalentTo(
        _lab.Rows("select name from sqlite_schema where type = 'view'").Select(row => (string)row[0]!));

    private LabDatabase Open() => LabDatabase.OpenReadOnly(_lab.Path);

    private Action<bool> Export() => force => new ExperimentExport(Open()).Write("ablation", Target, [ExportFormat.Csv], force);

    private ExportOutcome Export(params ExportFormat[] formats) => new ExperimentExport(Open()).Write("ablation", Target, formats);

    private static long Rows(string name, ExportOutcome outcome) => outcome.Index.Files.Single(file => file.Name == name).Rows;

    private List<string> Columns(string view) =>
        [.. _lab.Rows($"select name from pragma_table_info('{view}')").Select(row => (string)row[0]!)];

    private IReadOnlyList<IReadOnlyList<object?>> Expected(ExportView view)
    {
        var condition = view.Condition.Replace("@experiment", "'ablation'", StringComparison.Ordinal);
        var order = view.ByStage ? $"(select position from stages s where s.experiment = 'ablation' and s.stage = v.stage), {view.Order}" : view.Order;
        return _lab.Rows($"select * from {view.Name} v where {condition} order by {order}");
    }

    private static string? Text(object? cell) => cell switch
    {
        null => null,
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        byte[] blob => Convert.ToBase64String(blob),
        _ => Convert.ToString(cell, CultureInfo.InvariantCulture),
    };

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
