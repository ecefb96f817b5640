import FeatureModel
import NativeStorage

/// A feature of an on-demand view, ready to be computed: how, and from which inputs.
struct ComputedFeature: Sendable {
    /// What computes it.
    enum Formula: Sendable {
        case expression(SQLExpression)
        case function(OnDemandFunction)
    }

    /// The name of its view.
    let view: String
    let feature: OnDemandFeature
    let formula: Formula
    /// The inputs that the formula uses, in the order of its names.
    let inputs: [OnDemandScope.Input]

    /// Looks up the function, takes the expression apart, and finds the inputs.
    ///
    /// - Throws: Why it cannot be computed. What only SQLite finds is found when it is evaluated or
    ///   probed.
    init(
        _ feature: OnDemandFeature,
        of view: OnDemandFeatureView,
        scope: OnDemandScope,
        functions: [String: OnDemandFunction]
    ) throws(OnDemandError) {
        self.view = view.name
        self.feature = feature
        let names: [String]
        switch feature.transformation {
        case .expression(let text):
            let expression: SQLExpression
            do {
                expression = try SQLExpression(text)
            } catch {
                throw OnDemandError(error, in: text)
            }
            self.formula = .expression(expression)
            names = expression.names
        case .function(let name):
            guard let function = functions[name] else {
                throw OnDemandError(unknownFunction: name, known: Array(functions.keys))
            }
            self.formula = .function(function)
            names = function.inputs
        }
        var inputs: [OnDemandScope.Input] = []
        for name in names {
            inputs.append(try scope.input(named: name))
        }
        self.inputs = inputs
    }
}

extension OnDemandError {
    /// An expression that cannot be evaluated.
    init(_ error: SQLExpressionError, in text: String) {
        let shown = text.count > 100 ? "\(text.prefix(100))…" : text
        var fix = error.fix ?? "see the functions and operators in docs/on-demand-feature-views.md"
        if let function = error.function {
            let known = Array(SQLExpression.functionNames)
            if !nearestNames(to: function, among: known).isEmpty {
                fix = suggestion(for: function, among: known, noun: "function")
            }
        }
        self.init("has the expression \"\(shown)\": \(error.message)", fix: fix)
    }

    fileprivate init(unknownFunction name: String, known: [String]) {
        let near =
            nearestNames(to: name, among: known).isEmpty
            ? "" : suggestion(for: name, among: known, noun: "function") + " "
        self.init(
            "is computed by the function \"\(name)\", which this program does not have",
            fix: near
                + "a program of your own registers it: FeatureStore(files, functions: "
                + "[\"\(name)\": …]); `fstore` can only evaluate expressions"
        )
    }
}
