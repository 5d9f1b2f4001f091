using System.Reflection;
using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>Cli → {Learning, Database, Reporting} → Core; Database → Execution → Core. Learning, Database and Reporting do not see each other.</summary>
public sealed partial class ReferenceTests
{
    private static readonly string[] Libraries = [.. Code.Assemblies.Where(assembly => assembly != "MfRae.Lab")];

    [Theory]
    [InlineData("src/MfRae.Lab.Core/MfRae.Lab.Core.csproj", "")]
    [InlineData("src/MfRae.Lab.Execution/MfRae.Lab.Execution.csproj", "Core")]
    [InlineData("src/MfRae.Lab.Learning/MfRae.Lab.Learning.csproj", "Core")]
    [InlineData("src/MfRae.Lab.Database/MfRae.Lab.Database.csproj", "Execution")]
    [InlineData("src/MfRae.Lab.Reporting/MfRae.Lab.Reporting.csproj", "Core")]
    [InlineData("MfRae.Lab.csproj", "Core Execution Learning Database Reporting")]
    public void A_project_references_only_the_layer_below_it(string project, string expected)
    {
        var references = Repository.Xml(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

        references.Should().BeEquivalentTo(Names(expected));
    }

    [Theory]
    [InlineData("MfRae.Lab.Core", "")]
    [InlineData("MfRae.Lab.Execution", "Core")]
    [InlineData("MfRae.Lab.Learning", "Core")]
    [InlineData("MfRae.Lab.Database", "Core Execution")]
    [InlineData("MfRae.Lab.Reporting", "Core")]
    public void A_compiled_library_sees_no_sibling(string library, string allowed) =>
        References(library).Intersect(Libraries).Should().BeSubsetOf(Names(allowed));

    [Fact]
    public void Core_uses_the_base_class_library_and_distributions_of_MathNet_only() => References("MfRae.Lab.Core").Should().OnlyContain(name =>
        name.StartsWith("System", StringComparison.Ordinal) || name == "Microsoft.Win32.Primitives" || name == "MathNet.Numerics");

    [Theory]
    [InlineData("TorchSharp", "MfRae.Lab.Learning")]
    [InlineData("Microsoft.Data.Sqlite", "MfRae.Lab.Database")]
    [InlineData("Dapper", "MfRae.Lab.Database")]
    [InlineData("Parquet", "MfRae.Lab.Database")]
    [InlineData("Scriban", "MfRae.Lab.Reporting")]
    [InlineData("Spectre.Console", "MfRae.Lab")]
    [InlineData("System.CommandLine", "MfRae.Lab")]
    public void A_package_is_used_by_one_assembly_only(string package, string owner)
    {
        foreach (var assembly in Code.Assemblies.Where(assembly => assembly != owner))
            References(assembly).Should().NotContain(package, "{0} belongs to {1}", package, owner);
    }

    [Theory]
    [InlineData("MfRae.Lab.Core")]
    [InlineData("MfRae.Lab.Execution")]
    [InlineData("MfRae.Lab.Learning")]
    [InlineData("MfRae.Lab.Database")]
    [InlineData("MfRae.Lab.Reporting")]
    public void A_library_leaves_the_console_alone(string library)
    {
        References(library).Should().NotContain("System.Console");
        foreach (var source in Repository.Sources("src/" + library))
            ConsoleUse().IsMatch(Repository.Text(source)).Should().BeFalse("{0} may not use the console", source);
    }

    [Theory]
    [InlineData("TorchSharp.", "MfRae.Lab.Learning.")]
    [InlineData("Microsoft.Data.Sqlite.SqliteConnection", "MfRae.Lab.Database.")]
    [InlineData("Scriban.", "MfRae.Lab.Reporting.")]
    [InlineData("Spectre.Console.", "MfRae.Lab.Cli.")]
    public void A_technology_is_used_by_the_types_of_one_library(string technology, string home)
    {
        var users = Code.Uses().Where(use => use.Used.StartsWith(technology, StringComparison.Ordinal)).Select(use => use.User).ToList();

        users.Should().NotBeEmpty("the search sees {0}", technology);
        users.Where(user => !user.StartsWith(home, StringComparison.Ordinal)).Should().BeEmpty("{0} belongs to {1}", technology, home);
    }

    private static IEnumerable<string> Names(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => "MfRae.Lab." + name);

    private static IReadOnlyList<string> References(string assembly) =>
        Assembly.Load(assembly).GetReferencedAssemblies().Select(name => name.Name!).ToList();

    [GeneratedRegex(@"(?<![\w.])(System\.)?Console\s*\.\s*(Write|Out|Error|In|Read|Set|Open|CancelKeyPress|Is)")]
    private static partial Regex ConsoleUse();
}
